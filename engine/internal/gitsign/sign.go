package gitsign

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/pgpkeys"
)

// shortestID is how many digits of a fingerprint name a key at least.
const shortestID = 8

// Sign makes a detached, armoured OpenPGP signature. The key is named by the
// end of its fingerprint or by its address; empty takes the first.
func Sign(payload, privateKey []byte, keyID string) ([]byte, error) {
	signed, err := sign(payload, privateKey, keyID)
	if err != nil {
		return nil, failure.New(pb.Failure_INVALID, "the signing key cannot be used: %w", err)
	}
	return signed, nil
}

func sign(payload, privateKey []byte, keyID string) ([]byte, error) {
	if len(privateKey) > largestKeys {
		return nil, fmt.Errorf("it has more than %d bytes", largestKeys)
	}
	ring, err := pgpkeys.Read([][]byte{privateKey})
	if err != nil {
		return nil, errors.New("it is no OpenPGP key, binary or armoured")
	}
	key, subkey, err := choose(ring, keyID)
	if err != nil {
		return nil, err
	}
	config := &packet.Config{SigningKeyId: subkey}
	if err := usable(key, config); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&text, key, bytes.NewReader(payload), config); err != nil {
		return nil, errors.New("signing with it failed")
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// choose finds the key, and the id of its subkey where that is what was named.
func choose(ring openpgp.EntityList, keyID string) (*openpgp.Entity, uint64, error) {
	if keyID == "" {
		return ring[0], 0, nil
	}
	var found *openpgp.Entity
	var subkey uint64
	for _, key := range ring {
		fits, id := named(key, keyID)
		if fits && found != nil {
			return nil, 0, fmt.Errorf("more than one of its keys is called %.80q; give a whole fingerprint", keyID)
		}
		if fits {
			found, subkey = key, id
		}
	}
	if found == nil {
		return nil, 0, fmt.Errorf("none of its keys is called %.80q", keyID)
	}
	return found, subkey, nil
}

func named(key *openpgp.Entity, keyID string) (fits bool, subkey uint64) {
	for _, identity := range key.Identities {
		if strings.EqualFold(identity.UserId.Email, keyID) || identity.Name == keyID {
			return true, 0
		}
	}
	if endsWith(key.PrimaryKey, keyID) {
		return true, 0
	}
	at := slices.IndexFunc(key.Subkeys, func(one openpgp.Subkey) bool { return endsWith(one.PublicKey, keyID) })
	if at < 0 {
		return false, 0
	}
	return true, key.Subkeys[at].PublicKey.KeyId
}

func endsWith(key *packet.PublicKey, keyID string) bool {
	digits := strings.ToUpper(strings.NewReplacer(" ", "", "0x", "", "0X", "", "!", "").Replace(keyID))
	return len(digits) >= shortestID && strings.HasSuffix(fmt.Sprintf("%X", key.Fingerprint), digits)
}

// usable says in words why a key cannot sign.
func usable(key *openpgp.Entity, config *packet.Config) error {
	signing, found := key.SigningKeyById(config.Now(), config.SigningKey())
	switch {
	case !found:
		return errors.New("it has expired, was revoked, or is not made for signing")
	case signing.PrivateKey == nil:
		return errors.New("it is the public half alone; the private one is needed")
	case signing.PrivateKey.Dummy():
		return errors.New("its private half is not in it but somewhere else, such as on a card")
	case signing.PrivateKey.Encrypted:
		return errors.New("it is locked by a passphrase; export it without one")
	}
	return nil
}
