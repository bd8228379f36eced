package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"helm.sh/helm/v4/pkg/provenance"
)

// LargestProvenance bounds a .prov file: a Chart.yaml, a hash and a signature.
const LargestProvenance = 1 << 20

// Provenance checks that a .prov file is signed by one of the keys and names
// exactly this archive, and says who signed.
//
// Keys are OpenPGP keyrings, binary or armoured. The name is the archive's as
// `helm package` gave it.
func Provenance(keys [][]byte, archive []byte, name string, prov []byte) (string, error) {
	ring, err := keyring(keys)
	if err != nil {
		return "", unverified("%s cannot be verified: %w", name, err)
	}
	checked, err := (&provenance.Signatory{KeyRing: ring}).Verify(archive, prov, name)
	if err != nil {
		return "", unverified("%s is not verified by its provenance file: %s", name, wordsOf(err))
	}
	return signer(checked.SignedBy), nil
}

// keyring joins all keys that can check a signature.
func keyring(keys [][]byte) (openpgp.EntityList, error) {
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

// wordsOf tells what a reader of conditions can act upon.
func wordsOf(err error) string {
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

func signer(entity *openpgp.Entity) string {
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
