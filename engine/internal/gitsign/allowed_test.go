package gitsign

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

var signed = time.Date(2025, 6, 15, 12, 0, 0, 0, time.UTC)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func lineOf(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func newKey() ssh.PublicKey {
	public, _ := must2(ed25519.GenerateKey(rand.Reader))
	return must(ssh.NewPublicKey(public))
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

func TestWhoMaySign(t *testing.T) {
	key, other := newKey(), newKey()
	own := lineOf(key)
	fingerprint := ssh.FingerprintSHA256(key)
	for name, row := range map[string]struct{ text, by, words string }{
		"a plain key":            {own, fingerprint, ""},
		"with a comment":         {own + " ada@laptop", fingerprint, ""},
		"with a principal":       {"ada@example.com " + own, "ada@example.com " + fingerprint, ""},
		"with two":               {"a@b.c,d@e.f " + own, "a@b.c,d@e.f " + fingerprint, ""},
		"quoted":                 {`"ada l" ` + own, "ada l " + fingerprint, ""},
		"tabs between":           {"a@b.c\t" + own, "a@b.c " + fingerprint, ""},
		"the second line":        {lineOf(other) + "\n\n# one more\r\n" + own + "\r\n", fingerprint, ""},
		"for git":                {`a@b.c namespaces="file,git" ` + own, "a@b.c " + fingerprint, ""},
		"by a pattern":           {`a@b.c namespaces="g*t" ` + own, "a@b.c " + fingerprint, ""},
		"while it was valid":     {`a@b.c valid-after="20250101",valid-before="20251231" ` + own, "a@b.c " + fingerprint, ""},
		"to the second":          {`a@b.c valid-after="20250615120000Z" ` + own, "a@b.c " + fingerprint, ""},
		"a second line admits":   {`a@b.c valid-before="20200101" ` + own + "\n" + own, fingerprint, ""},
		"another key":            {lineOf(other), "", "not among those given"},
		"for files alone":        {`a@b.c namespaces="file" ` + own, "", `is not allowed for "git"`},
		"for all but git":        {`a@b.c namespaces="*,!git" ` + own, "", `is not allowed for "git"`},
		"too early":              {`a@b.c valid-after="202506151201Z" ` + own, "", "only valid after 2025-06-15T12:01:00Z"},
		"too late":               {`a@b.c valid-before="20250615120000Z" ` + own, "", "only valid before 2025-06-15T12:00:00Z"},
		"an authority":           {lineOf(other) + "\na@b.c cert-authority " + own, "", "line 2 of key 1 of the SSH keys is a cert-authority"},
		"an option of others":    {"a@b.c restrict " + own, "", "has an option that is not understood"},
		"no time":                {`a@b.c valid-after="soon" ` + own, "", "has a valid-after that is no time"},
		"no key":                 {"PLANTED", "", "line 1 of key 1 of the SSH keys is no public key"},
		"half a key":             {own[:40], "", "is no public key"},
		"another key's type":     {strings.Replace(own, "ssh-ed25519", "ssh-rsa", 1), "", "is no public key"},
		"a principal and no key": {"a@b.c", "", "is no public key"},
		"comments alone":         {"# nobody", "", "hold no key"},
	} {
		by, err := admitted(row.text, key)
		if row.words == "" {
			if err != nil || by != row.by {
				t.Errorf("%s: %q, %v", name, by, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), row.words) || strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("%s: %q, %v", name, by, err)
		}
	}
}

func admitted(text string, key ssh.PublicKey) (string, error) {
	allowed, err := readAllowed([][]byte{[]byte(text)})
	if err != nil {
		return "", err
	}
	return allowed.admit(key, signed)
}

func TestWeakKeysAndCertificatesAreRefused(t *testing.T) {
	weak := must(ssh.NewPublicKey(must(rsa.GenerateKey(rand.Reader, 1024)).Public()))
	certificate := &ssh.Certificate{Key: newKey(), SignatureKey: newKey(), Signature: &ssh.Signature{}}
	for words, key := range map[string]ssh.PublicKey{
		"is an RSA key of 1024 bits; 2048 are needed": weak,
		"is a certificate; name the keys themselves":  certificate,
	} {
		for _, before := range []string{"", "a@b.c "} {
			_, err := readAllowed([][]byte{[]byte(before + lineOf(key))})
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestACommitSaysWhenItWasMade(t *testing.T) {
	for payload, want := range map[string]int64{
		"tree a\ncommitter Ada <a@b.c> 1750000000 +0200\n\ntext":             1750000000,
		"object a\ntagger Ada <a@b.c> 1750000000 +0200\n\ntext":              1750000000,
		"tree a\ncommitter A > <a@b.c> 1750000000 +0200\n\n":                 1750000000,
		"tree a\n\ncommitter Ada <a@b.c> 1750000000 +0200\n":                 0,
		"tree a\ncommitter Ada <a@b.c> 99999999999 +0200\n\nfrom the future": 0,
		"tree a\ncommitter Ada <a@b.c> soon\n\n":                             0,
		"tree a\ncommitter Ada <a@b.c>\n\n":                                  0,
		"":                                                                   0,
	} {
		before := time.Now().Unix()
		at := signedAt([]byte(payload)).Unix()
		if want != 0 && at != want || want == 0 && at < before {
			t.Errorf("%q: %d", payload, at)
		}
	}
}
