package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	fage "filippo.io/age"
	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/pgp"
)

var plain = map[string]string{
	"yaml":   "database:\n    password: s3cret\n    port: 5432\nlist:\n    - one\n    - two\n",
	"json":   "{\n\t\"password\": \"s3cret\"\n}\n",
	"dotenv": "PASSWORD=s3cret\n",
	"binary": "s3cret \x00 bytes",
}

// encrypted is what the sops command would write.
func encrypted(t *testing.T, text, form string, key keys.MasterKey) []byte {
	t.Helper()
	store, err := storeOf(form)
	if err != nil {
		t.Fatal(err)
	}
	branches, err := store.LoadPlainFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	tree := sops.Tree{Branches: branches, Metadata: sops.Metadata{
		KeyGroups: []sops.KeyGroup{{key}}, UnencryptedSuffix: "_unencrypted", Version: "3.13.3",
	}}
	data := bytes.Repeat([]byte{7}, 32)
	if err := key.Encrypt(data); err != nil {
		t.Fatal(err)
	}
	mac, err := tree.Encrypt(data, aes.NewCipher())
	if err != nil {
		t.Fatal(err)
	}
	tree.Metadata.MessageAuthenticationCode, err = aes.NewCipher().Encrypt(mac, data, tree.Metadata.LastModified.Format("2006-01-02T15:04:05Z07:00"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := store.EmitEncryptedFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func newAge(t *testing.T) (*age.MasterKey, []byte) {
	t.Helper()
	identity, err := fage.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key, err := age.MasterKeyFromRecipient(identity.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	return key, []byte("# created by a test\n" + identity.String() + "\n")
}

func TestEveryFormIsOpenedWithTheRightKey(t *testing.T) {
	for form, text := range plain {
		t.Run(form, func(t *testing.T) {
			key, secret := newAge(t)
			document := encrypted(t, text, form, key)
			if bytes.Contains(document, []byte("s3cret")) {
				t.Fatal("the test encrypts nothing")
			}
			opened, err := decrypt(document, form, keysOf(secret))
			if err != nil || string(opened) != text {
				t.Fatalf("%q, %v", opened, err)
			}
		})
	}
}

func keysOf(age ...[]byte) keysGiven { return keysGiven{Age: age} }

func TestOneOfSeveralKeysIsEnough(t *testing.T) {
	_, other := newAge(t)
	key, secret := newAge(t)
	if _, err := decrypt(encrypted(t, plain["yaml"], "yaml", key), "yaml", keysOf(other, secret)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeOpenedIsSaidWithoutQuotingIt(t *testing.T) {
	key, secret := newAge(t)
	_, other := newAge(t)
	document := encrypted(t, plain["yaml"], "yaml", key)
	tampered := bytes.Replace(document, []byte("- ENC["), []byte("- s3cret ENC["), 1)
	moved := strings.Replace(string(document), "port:", "door:", 1)
	for name, row := range map[string]struct {
		document []byte
		form     string
		keys     keysGiven
		words    string
	}{
		"another key":        {document, "yaml", keysOf(other), "is for other keys: age age1"},
		"no key":             {document, "yaml", keysGiven{}, "is for other keys"},
		"a changed value":    {tampered, "yaml", keysOf(secret), "was changed after"},
		"a changed name":     {[]byte(moved), "yaml", keysOf(secret), "was changed after"},
		"not encrypted":      {[]byte("password: s3cret\n"), "yaml", keysOf(secret), "has no `sops` metadata"},
		"not of that form":   {[]byte("{"), "json", keysOf(secret), "is not what SOPS writes as json"},
		"no such form":       {document, "toml", keysOf(secret), `no form "toml"`},
		"a key that is none": {document, "yaml", keysOf([]byte("s3cret")), "age key number 1 cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := decrypt(row.document, row.form, row.keys)
			if err == nil || opened != nil || !strings.Contains(err.Error(), row.words) {
				t.Fatalf("%q, %v", opened, err)
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), string(secret)) {
				t.Fatalf("it quotes: %v", err)
			}
		})
	}
}

func TestOpenPGPKeysOpenToo(t *testing.T) {
	entity := newEntity(t)
	var public bytes.Buffer
	if err := entity.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	key := pgp.NewMasterKeyFromFingerprint(strings.ToUpper(hex.EncodeToString(entity.PrimaryKey.Fingerprint)))
	ring := filepath.Join(t.TempDir(), "ring")
	if err := os.WriteFile(ring, public.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	pgp.PubRing(ring).ApplyToMasterKey(key)
	document := encrypted(t, plain["yaml"], "yaml", key)
	for name, secret := range map[string][]byte{"armoured": private(t, entity)} {
		opened, err := decrypt(document, "yaml", keysGiven{PGP: [][]byte{secret}})
		if err != nil || string(opened) != plain["yaml"] {
			t.Fatalf("%s: %q, %v", name, opened, err)
		}
	}
}

func TestARequestIsAnsweredInItsOwnForm(t *testing.T) {
	key, secret := newAge(t)
	asked, err := json.Marshal(request{encrypted(t, plain["json"], "json", key), "json", keysOf(secret)})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(bytes.NewReader(asked), &out); err != nil {
		t.Fatal(err)
	}
	var said answer
	if err := json.Unmarshal(out.Bytes(), &said); err != nil || string(said.Document) != plain["json"] {
		t.Fatalf("%s, %v", out.Bytes(), err)
	}
	if err := run(strings.NewReader("s3cret"), &out); err == nil {
		t.Fatal("what is no request was taken")
	}
}

// TestFixtures writes what the tests of the operator open, where a folder is
// named: go test -run Fixtures, with FIXTURES=../tests/support/sops.
func TestFixtures(t *testing.T) {
	folder := os.Getenv("FIXTURES")
	if folder == "" {
		t.Skip("FIXTURES names no folder")
	}
	key, secret := newAge(t)
	_, other := newAge(t)
	entity := newEntity(t)
	sealed := "apiVersion: v1\nkind: Secret\nmetadata:\n    name: login\n"
	beside := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: beside\ndata:\n    port: \"1\"\n"
	login := sealed + "stringData:\n    password: planted-in-sops\n"
	for name, content := range map[string][]byte{
		"age.key":     secret,
		"other.key":   other,
		"values.yaml": encrypted(t, "colour: planted-in-sops\nlist:\n    - planted-too\n", "yaml", key),
		"secret.yaml": encrypted(t, login+"---\n"+beside, "yaml", key),
		"broken.yaml": encrypted(t, sealed+"    namespace: 5\n", "yaml", key),
		"login.env":   encrypted(t, "PASSWORD=planted-in-sops\n", "dotenv", key),
		"pgp.key":     private(t, entity),
		"pgp.secret":  message(t, entity, login, true),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
