package signature

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"helm.sh/helm/v4/pkg/provenance"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const archiveName = "app-1.0.0.tgz"

var archive = []byte("an archive")

func entity(t *testing.T, config *packet.Config) (*openpgp.Entity, []byte) {
	t.Helper()
	made := must(openpgp.NewEntity("Ada", "", "ada@example.com", config))
	var public bytes.Buffer
	if err := made.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	return made, public.Bytes()
}

func armoured(t *testing.T, keyring []byte) []byte {
	t.Helper()
	var text bytes.Buffer
	into := must(armor.Encode(&text, openpgp.PublicKeyType, nil))
	if _, err := into.Write(keyring); err != nil {
		t.Fatal(err)
	}
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	return append(text.Bytes(), '\n')
}

func provOf(t *testing.T, signer *openpgp.Entity, content []byte, name string) []byte {
	t.Helper()
	signatory := &provenance.Signatory{Entity: signer}
	return []byte(must(signatory.ClearSign(content, name, []byte("name: app\nversion: 1.0.0\n"))))
}

func TestProvenanceIsOfThisArchiveByTheseKeys(t *testing.T) {
	ada, ring := entity(t, nil)
	bob, other := entity(t, nil)
	good := provOf(t, ada, archive, archiveName)
	for name, row := range map[string]struct {
		keys  [][]byte
		prov  []byte
		words string
	}{
		"binary":           {[][]byte{ring}, good, ""},
		"armoured":         {[][]byte{armoured(t, ring)}, good, ""},
		"second of two":    {[][]byte{other, ring}, good, ""},
		"second in a file": {[][]byte{append(armoured(t, other), armoured(t, ring)...)}, good, ""},
		"by another":       {[][]byte{ring}, provOf(t, bob, archive, archiveName), "not among those given"},
		"of another":       {[][]byte{ring}, provOf(t, ada, []byte("x"), archiveName), "sum does not match"},
		"another name":     {[][]byte{ring}, provOf(t, ada, archive, "b.tgz"), "does not contain a SHA"},
		"changed":          {[][]byte{ring}, bytes.Replace(good, []byte("1.0.0"), []byte("2.0.0"), 1), "not verified"},
		"not signed":       {[][]byte{ring}, []byte("files:\n"), "signature block not found"},
		"no keys":          {nil, good, "no key was given"},
		"an empty key":     {[][]byte{{}}, good, "no key was given"},
		"no keyring":       {[][]byte{ring, []byte("planted")}, good, "key 2 of the keys is no OpenPGP keyring"},
	} {
		by, err := Provenance(row.keys, archive, archiveName, row.prov)
		if row.words == "" {
			if err != nil || !strings.HasPrefix(by, "Ada <ada@example.com> ") {
				t.Errorf("%s: %q, %v", name, by, err)
			}
			continue
		}
		if by != "" || !failure.Is(err, pb.Failure_UNVERIFIED) || !strings.Contains(err.Error(), row.words) ||
			strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %q, %v", name, by, err)
		}
	}
}

func TestAKeyThatHasExpiredVerifiesNothing(t *testing.T) {
	then := time.Now().Add(-48 * time.Hour)
	config := &packet.Config{Time: func() time.Time { return then }, KeyLifetimeSecs: 3600}
	ada, ring := entity(t, config)
	_, err := Provenance([][]byte{ring}, archive, archiveName, provOf(t, ada, archive, archiveName))
	if !failure.Is(err, pb.Failure_UNVERIFIED) {
		t.Errorf("%v", err)
	}
}
