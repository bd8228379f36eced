package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

func newEntity(t *testing.T) *openpgp.Entity {
	t.Helper()
	entity, err := openpgp.NewEntity("test", "", "test@example.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return entity
}

// private is what `gpg --export-secret-keys --armor` writes.
func private(t *testing.T, entity *openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := armor.Encode(&out, openpgp.PrivateKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.SerializePrivate(writer, nil); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	return out.Bytes()
}

// message is what `gpg --encrypt` writes.
func message(t *testing.T, entity *openpgp.Entity, text string, armoured bool) []byte {
	t.Helper()
	var out bytes.Buffer
	writer, err := openpgp.Encrypt(&out, []*openpgp.Entity{entity}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	if !armoured {
		return out.Bytes()
	}
	var wrapped bytes.Buffer
	into, err := armor.Encode(&wrapped, "PGP MESSAGE", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := into.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	into.Close()
	return wrapped.Bytes()
}

func TestAMessageIsOpened(t *testing.T) {
	entity := newEntity(t)
	given := keysGiven{PGP: [][]byte{private(t, newEntity(t)), private(t, entity)}}
	for name, armoured := range map[string]bool{"binary": false, "armoured": true} {
		t.Run(name, func(t *testing.T) {
			opened, err := decrypt(message(t, entity, "s3cret", armoured), "pgp", given)
			if err != nil || string(opened) != "s3cret" {
				t.Fatalf("%q, %v", opened, err)
			}
		})
	}
}

func TestAMessageThatCannotBeOpenedIsSaidWithoutQuotingIt(t *testing.T) {
	entity := newEntity(t)
	key := private(t, entity)
	sealed := message(t, entity, strings.Repeat("s3cret", 100), false)
	changed := bytes.Clone(sealed)
	changed[len(changed)-30] ^= 1
	var plain bytes.Buffer
	writer, err := openpgp.Sign(&plain, entity, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write([]byte("s3cret")); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	for name, row := range map[string]struct {
		message []byte
		key     []byte
		words   string
	}{
		"another key":     {sealed, private(t, newEntity(t)), "is for other keys"},
		"no message":      {[]byte("s3cret"), key, "no OpenPGP message"},
		"broken armour":   {[]byte("-----BEGIN PGP MESSAGE-----\ns3cret"), key, "is no OpenPGP message"},
		"changed":         {changed, key, "was changed after"},
		"cut off":         {sealed[:len(sealed)-40], key, "was changed after"},
		"not encrypted":   {plain.Bytes(), key, "is not encrypted"},
		"too large":       {message(t, entity, strings.Repeat("s3cret", largestDocument/5), false), key, "is larger than"},
		"a key of a kind": {sealed, []byte("s3cret"), "OpenPGP key number 1 cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := decrypt(row.message, "pgp", keysGiven{PGP: [][]byte{row.key}})
			if err == nil || opened != nil || !strings.Contains(err.Error(), row.words) {
				t.Fatalf("%d bytes, %v", len(opened), err)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Fatalf("it quotes: %v", err)
			}
		})
	}
}
