package gitsign

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

var commit = []byte("tree a\ncommitter Ada <ada@example.com> 1750000000 +0200\n\ntext\n")

// sshSign signs as ssh-keygen does, with what can be told it changed.
func sshSign(signer ssh.Signer, format string, change func(*sshSignature)) []byte {
	sum := sha512.Sum512(commit)
	made := &sshSignature{
		Version: 1, PublicKey: string(signer.PublicKey().Marshal()), Namespace: "git", Hash: "sha512",
	}
	signed := append([]byte(magic), ssh.Marshal(sshSigned{"git", "", "sha512", string(sum[:])})...)
	signature := must(signer.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, signed, format))
	made.Signature = string(ssh.Marshal(*signature))
	change(made)
	blob := append([]byte(magic), ssh.Marshal(*made)...)
	return pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob})
}

func TestAnSSHSignatureIsReadStrictly(t *testing.T) {
	signer := must(ssh.NewSignerFromKey(must(rsa.GenerateKey(rand.Reader, 2048))))
	keys := Keys{SSH: [][]byte{ssh.MarshalAuthorizedKey(signer.PublicKey())}}
	stranger := must(ssh.NewSignerFromKey(must(rsa.GenerateKey(rand.Reader, 2048))))
	for name, row := range map[string]struct {
		format string
		change func(*sshSignature)
		words  string
	}{
		"as it should be":     {ssh.KeyAlgoRSASHA512, func(*sshSignature) {}, ""},
		"with SHA-1":          {ssh.KeyAlgoRSA, func(*sshSignature) {}, `was made with "ssh-rsa"`},
		"another version":     {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.Version = 2 }, "is of version 2"},
		"another namespace":   {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.Namespace = "file" }, `was made for "file"`},
		"another hash":        {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.Hash = "md5" }, `hashes with "md5"`},
		"hashed by another":   {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.Hash = "sha256" }, "does not fit"},
		"something reserved":  {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.Reserved = "x" }, "does not fit"},
		"no signature inside": {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.Signature = "x" }, "is damaged"},
		"no key inside":       {ssh.KeyAlgoRSASHA512, func(s *sshSignature) { s.PublicKey = "x" }, "names no public key"},
		"in another's name": {ssh.KeyAlgoRSASHA512, func(s *sshSignature) {
			s.PublicKey = string(stranger.PublicKey().Marshal())
		}, "not among those given"},
	} {
		by, err := Verify(commit, sshSign(signer, row.format, row.change), keys)
		if row.words == "" {
			if err != nil || by != ssh.FingerprintSHA256(signer.PublicKey()) {
				t.Errorf("%s: %q, %v", name, by, err)
			}
			continue
		}
		if by != "" || !failure.Is(err, pb.Failure_UNVERIFIED) || !strings.Contains(err.Error(), row.words) {
			t.Errorf("%s: %q, %v", name, by, err)
		}
	}
}

func TestWhatIsNoSignatureIsRefused(t *testing.T) {
	keys := Keys{SSH: [][]byte{[]byte(lineOf(newKey()))}, PGP: [][]byte{public(newEntity(nil))}}
	for text, words := range map[string]string{
		"":                           "it is not signed",
		" \n":                        "it is not signed",
		"hello":                      "neither OpenPGP's nor SSH's",
		x509Armour + "\n":            "X.509",
		sshArmour + "\nAAAA\n":       "its SSH signature is damaged",
		pgpArmour + "\n\nAAAA\n":     "",
		strings.Repeat("x", 1<<20+1): "1048576 are read at most",
	} {
		by, err := Verify(commit, []byte(text), keys)
		if by != "" || !failure.Is(err, pb.Failure_UNVERIFIED) || !strings.Contains(err.Error(), words) {
			t.Errorf("%.60q: %q, %v", text, by, err)
		}
	}
}

func newEntity(config *packet.Config) *openpgp.Entity {
	return must(openpgp.NewEntity("Ada", "", "ada@example.com", config))
}

func public(entity *openpgp.Entity) []byte {
	var text bytes.Buffer
	if err := entity.Serialize(&text); err != nil {
		panic(err)
	}
	return text.Bytes()
}

func private(entity *openpgp.Entity) []byte {
	var text bytes.Buffer
	if err := entity.SerializePrivateWithoutSigning(&text, nil); err != nil {
		panic(err)
	}
	return text.Bytes()
}

// Names of keys: whole fingerprints, their ends, addresses, of subkeys too.
func TestTheSigningKeyIsChosenByItsName(t *testing.T) {
	first, second := newEntity(nil), must(openpgp.NewEntity("Bob", "", "bob@example.com", nil))
	if err := second.AddSigningSubkey(nil); err != nil {
		t.Fatal(err)
	}
	ring := append(private(first), private(second)...)
	fingerprint := fmt.Sprintf("%X", second.PrimaryKey.Fingerprint)
	subkey := fmt.Sprintf("%x", second.Subkeys[len(second.Subkeys)-1].PublicKey.Fingerprint)
	for keyID, want := range map[string]*openpgp.Entity{
		"": first, "ada@example.com": first, "BOB@example.com": second, fingerprint: second,
		"0x" + fingerprint[len(fingerprint)-16:]: second, strings.ToLower(fingerprint[32:]): second, subkey + "!": second,
	} {
		signature, err := Sign(commit, ring, keyID)
		if err != nil {
			t.Errorf("%q: %v", keyID, err)
			continue
		}
		if _, err := Verify(commit, signature, Keys{PGP: [][]byte{public(want)}}); err != nil {
			t.Errorf("%q: %v", keyID, err)
		}
	}
	for keyID, words := range map[string]string{
		"carol@example.com": "none of its keys", "ABC": "none of its keys", fingerprint[36:]: "none of its keys",
	} {
		if _, err := Sign(commit, ring, keyID); !failure.Is(err, pb.Failure_INVALID) || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", keyID, err)
		}
	}
	twice := append(private(first), private(newEntity(nil))...)
	if _, err := Sign(commit, twice, "ada@example.com"); err == nil || !strings.Contains(err.Error(), "more than one") {
		t.Error(err)
	}
}

// Somebody renews a key that has expired and adds the new export to the old one.
func TestAnOlderCopyOfAKeyHidesNothing(t *testing.T) {
	yesterday := func() time.Time { return time.Now().Add(-24 * time.Hour) }
	key := newEntity(&packet.Config{Time: yesterday, KeyLifetimeSecs: 3600})
	old := public(key)
	for _, identity := range key.Identities {
		identity.SelfSignature.KeyLifetimeSecs = nil
		if err := identity.SelfSignature.SignUserId(identity.Name, key.PrimaryKey, key.PrivateKey, nil); err != nil {
			t.Fatal(err)
		}
	}
	signature := must(Sign(commit, private(key), ""))
	if _, err := Verify(commit, signature, Keys{PGP: [][]byte{old}}); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Error(err)
	}
	if by, err := Verify(commit, signature, Keys{PGP: [][]byte{old, public(key)}}); err != nil || by == "" {
		t.Errorf("%q, %v", by, err)
	}
}
