// Package pgpkeys reads OpenPGP keyrings and says in plain words what is wrong
// with a signature. Whatever is verified by such keys is verified elsewhere.
package pgpkeys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
)

// Read joins all keys of keyrings, binary or armoured; none at all is an error.
func Read(keys [][]byte) (openpgp.EntityList, error) {
	var ring openpgp.EntityList
	for i, key := range keys {
		read, err := readKeyring(key)
		if err != nil {
			return nil, fmt.Errorf("key %d of the keys is no OpenPGP keyring: %w", i+1, err)
		}
		ring = append(ring, read...)
	}
	if len(ring) == 0 {
		return nil, errors.New("no key was given to check signatures with")
	}
	return ring, nil
}

const armour = "-----BEGIN PGP"

func readKeyring(key []byte) (openpgp.EntityList, error) {
	blocks := bytes.Split(key, []byte(armour))
	if len(blocks) == 1 {
		return openpgp.ReadKeyRing(bytes.NewReader(key))
	}
	// Several exports may stand one after another.
	var ring openpgp.EntityList
	for _, block := range blocks[1:] {
		read, err := openpgp.ReadArmoredKeyRing(io.MultiReader(strings.NewReader(armour), bytes.NewReader(block)))
		if err != nil {
			return nil, err
		}
		ring = append(ring, read...)
	}
	return ring, nil
}

// Words tells what a reader of conditions can act upon.
func Words(err error) string {
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "it is signed by a key that is not among those given"
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return "its signature, or the key of it, has expired"
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return "the key that signed it was revoked"
	}
	return err.Error()
}

// Name is a key's first identity and its fingerprint.
func Name(entity *openpgp.Entity) string {
	fingerprint := strings.ToUpper(fmt.Sprintf("%x", entity.PrimaryKey.Fingerprint))
	names := make([]string, 0, len(entity.Identities))
	for name := range entity.Identities {
		names = append(names, name)
	}
	if len(names) == 0 {
		return fingerprint
	}
	return slices.Min(names) + " " + fingerprint
}
