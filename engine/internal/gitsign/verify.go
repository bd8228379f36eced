// Package gitsign says who has signed a commit or a tag, by OpenPGP or by SSH,
// and signs what the operator itself writes.
//
// It asks nobody: keys, signature and what was signed are handed in, and the
// keys alone decide. No web of trust, no key server and no agent is asked.
package gitsign

import (
	"bytes"
	"errors"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/pgpkeys"
)

const (
	// largestSignature is many times what any kind of key needs.
	largestSignature = 1 << 20
	// largestKeys bounds all keys together: reading them costs time.
	largestKeys = 8 << 20
)

// Keys are whom signatures are trusted of.
type Keys struct {
	// PGP are keyrings, binary or armoured.
	PGP [][]byte
	// SSH are public keys, or allowed signers as ssh-keygen(1) has them.
	SSH [][]byte
}

const (
	pgpArmour  = "-----BEGIN PGP SIGNATURE-----"
	sshArmour  = "-----BEGIN SSH SIGNATURE-----"
	x509Armour = "-----BEGIN SIGNED MESSAGE-----"
)

// Verify says who has signed the payload, as identity and fingerprint. The
// payload is a commit or a tag without its signature, which is armoured.
func Verify(payload, signature []byte, keys Keys) (string, error) {
	if len(signature) > largestSignature {
		return "", unverified("its signature has %d bytes; %d are read at most", len(signature), largestSignature)
	}
	if sizeOf(keys.PGP)+sizeOf(keys.SSH) > largestKeys {
		return "", unverified("the keys to check it with have more than %d bytes", largestKeys)
	}
	text := strings.TrimLeft(string(signature), " \t\r\n")
	switch {
	case text == "":
		return "", unverified("it is not signed")
	case strings.HasPrefix(text, sshArmour):
		return bySSH(payload, text, keys)
	case strings.HasPrefix(text, pgpArmour):
		return byPGP(payload, text, keys)
	case strings.HasPrefix(text, x509Armour):
		return "", unverified("it is signed with an X.509 certificate; OpenPGP and SSH are understood")
	}
	return "", unverified("its signature is neither OpenPGP's nor SSH's")
}

func byPGP(payload []byte, signature string, keys Keys) (string, error) {
	if len(keys.PGP) == 0 {
		return "", unverified("it is signed with OpenPGP, and no OpenPGP key was given to check it with")
	}
	ring, err := pgpkeys.Read(keys.PGP)
	if err != nil {
		return "", unverified("its signature cannot be checked: %w", err)
	}
	signer, err := signerIn(ring, payload, signature)
	if err != nil {
		return "", unverified("%s", pgpkeys.Words(err))
	}
	return pgpkeys.Name(signer), nil
}

// signerIn asks key by key: an older copy of a key, by now expired, does not
// hide the one that was renewed.
func signerIn(ring openpgp.EntityList, payload []byte, signature string) (*openpgp.Entity, error) {
	var found error = pgperrors.ErrUnknownIssuer
	for _, key := range ring {
		signer, err := openpgp.CheckArmoredDetachedSignature(
			openpgp.EntityList{key}, bytes.NewReader(payload), strings.NewReader(signature), nil)
		if err == nil {
			return signer, nil
		}
		if !errors.Is(err, pgperrors.ErrUnknownIssuer) {
			found = err
		}
	}
	return nil, found
}

func sizeOf(documents [][]byte) int {
	size := 0
	for _, one := range documents {
		size += len(one)
	}
	return size
}

func unverified(format string, values ...any) error {
	return failure.New(pb.Failure_UNVERIFIED, format, values...)
}
