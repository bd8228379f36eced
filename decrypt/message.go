package main

import (
	"bytes"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// openMessage gives what an OpenPGP message holds, binary or armoured, as
// `gpg --encrypt` writes it. One whose integrity nothing protects is refused.
func openMessage(message []byte, given keysGiven) ([]byte, error) {
	keys, err := newService(keysGiven{PGP: given.PGP})
	if err != nil {
		return nil, err
	}
	var source io.Reader = bytes.NewReader(message)
	if bytes.HasPrefix(bytes.TrimSpace(message), []byte("-----BEGIN")) {
		block, err := armor.Decode(source)
		if err != nil {
			return nil, refused("is no OpenPGP message")
		}
		source = block.Body
	}
	read, err := openpgp.ReadMessage(source, keys.pgp, nil, nil)
	switch {
	case err != nil:
		return nil, refused("is for other keys, or no OpenPGP message")
	case !read.IsEncrypted:
		return nil, refused("is not encrypted")
	}
	plain, err := io.ReadAll(io.LimitReader(read.UnverifiedBody, largestDocument+1))
	if err != nil {
		return nil, refused("was changed after it was encrypted")
	}
	if len(plain) > largestDocument {
		return nil, refused("is larger than %d MiB", largestDocument>>20)
	}
	return plain, nil
}
