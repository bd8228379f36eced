package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	agearmor "filippo.io/age/armor"
	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/getsops/sops/v3/keyservice"
	"google.golang.org/grpc"
)

const largestKey = 64 << 10

var errOtherKey = errors.New("not one of the keys given")

// service opens data keys with the keys given and knows no other.
type service struct {
	age []age.Identity
	pgp openpgp.EntityList
}

func newService(keys keysGiven) (*service, error) {
	s := &service{}
	for i, one := range keys.Age {
		identities, err := age.ParseIdentities(bytes.NewReader(one))
		if err != nil {
			return nil, badKey("age", i, "write it as AGE-SECRET-KEY-1..., one a line")
		}
		s.age = append(s.age, identities...)
	}
	for i, one := range keys.PGP {
		entities, err := readKeyRing(one)
		if err != nil || len(entities) == 0 {
			return nil, badKey("OpenPGP", i, "export it by `gpg --export-secret-keys`, without a passphrase")
		}
		for _, entity := range entities {
			if entity.PrivateKey != nil && entity.PrivateKey.Encrypted {
				return nil, badKey("OpenPGP", i, "take its passphrase away")
			}
		}
		s.pgp = append(s.pgp, entities...)
	}
	return s, nil
}

func badKey(kind string, number int, fix string) error {
	return fmt.Errorf("%s key number %d cannot be read: %s", kind, number+1, fix)
}

func readKeyRing(key []byte) (openpgp.EntityList, error) {
	if bytes.HasPrefix(bytes.TrimSpace(key), []byte("-----BEGIN")) {
		return openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
	}
	return openpgp.ReadKeyRing(bytes.NewReader(key))
}

// Decrypt opens a data key.
func (s *service) Decrypt(_ context.Context, request *keyservice.DecryptRequest, _ ...grpc.CallOption) (*keyservice.DecryptResponse, error) {
	var source io.Reader
	var err error
	text := string(request.Ciphertext)
	switch request.Key.KeyType.(type) {
	case *keyservice.Key_AgeKey:
		source, err = age.Decrypt(agearmor.NewReader(strings.NewReader(text)), s.age...)
	case *keyservice.Key_PgpKey:
		source, err = s.openPGP(text)
	default:
		return nil, errOtherKey
	}
	if err != nil {
		return nil, errOtherKey
	}
	key, err := io.ReadAll(io.LimitReader(source, largestKey))
	if err != nil {
		return nil, errOtherKey
	}
	return &keyservice.DecryptResponse{Plaintext: key}, nil
}

func (s *service) openPGP(text string) (io.Reader, error) {
	block, err := armor.Decode(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	message, err := openpgp.ReadMessage(block.Body, s.pgp, nil, nil)
	if err != nil {
		return nil, err
	}
	return message.UnverifiedBody, nil
}

// Encrypt is not what we do.
func (s *service) Encrypt(context.Context, *keyservice.EncryptRequest, ...grpc.CallOption) (*keyservice.EncryptResponse, error) {
	return nil, errors.New("this service decrypts only")
}
