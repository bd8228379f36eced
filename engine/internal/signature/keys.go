package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

const smallestRSA = 2048

// Key is a public key of cosign.
type Key struct {
	public crypto.PublicKey
	// name is what a condition may say of it: the fingerprint of the key.
	name string
}

// Keys reads public keys in PEM; one document may hold several.
func Keys(documents [][]byte) ([]Key, error) {
	var keys []Key
	for i, document := range documents {
		read, err := readKeys(document)
		if err != nil {
			return nil, unverified("key %d of the keys cannot be used for cosign: %w", i+1, err)
		}
		keys = append(keys, read...)
	}
	if len(keys) == 0 {
		return nil, unverified("no key was given to check signatures with")
	}
	return keys, nil
}

func readKeys(document []byte) ([]Key, error) {
	var keys []Key
	for rest := document; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		key, err := readKey(block)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("it is no public key in PEM")
	}
	return keys, nil
}

func readKey(block *pem.Block) (Key, error) {
	if block.Type != "PUBLIC KEY" {
		return Key{}, fmt.Errorf("it is a %q; a \"PUBLIC KEY\" is wanted, as in cosign.pub", block.Type)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, errors.New("it is a damaged public key")
	}
	switch key := public.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey:
	case *rsa.PublicKey:
		if key.N.BitLen() < smallestRSA {
			return Key{}, fmt.Errorf("it is an RSA key of %d bits; %d are needed", key.N.BitLen(), smallestRSA)
		}
	default:
		return Key{}, fmt.Errorf("it is a %T; ECDSA, Ed25519 and RSA are known", public)
	}
	sum := sha256.Sum256(block.Bytes)
	return Key{public, "SHA256:" + hex.EncodeToString(sum[:8])}, nil
}

// signed says whether the key has made the signature over the message.
func (k Key) signed(message, signature []byte) bool {
	switch key := k.public.(type) {
	case *ecdsa.PublicKey:
		for _, hash := range hashesOf(key.Curve) {
			if ecdsa.VerifyASN1(key, sumOf(hash, message), signature) {
				return true
			}
		}
	case ed25519.PublicKey:
		return signedEd25519(key, message, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sumOf(crypto.SHA256, message), signature) == nil
	}
	return false
}

// signedEd25519 takes a signature of the message, and of its hash, which is how
// bundles have it.
func signedEd25519(key ed25519.PublicKey, message, signature []byte) bool {
	if len(signature) != ed25519.SignatureSize {
		return false
	}
	if ed25519.Verify(key, message, signature) {
		return true
	}
	sum := sha512.Sum512(message)
	return ed25519.VerifyWithOptions(key, sum[:], signature, &ed25519.Options{Hash: crypto.SHA512}) == nil
}

// hashesOf are what signatures of a curve are made over: its own hash, and for
// the larger ones the one that older versions of cosign always took.
func hashesOf(curve elliptic.Curve) []crypto.Hash {
	switch curve {
	case elliptic.P384():
		return []crypto.Hash{crypto.SHA384, crypto.SHA256}
	case elliptic.P521():
		return []crypto.Hash{crypto.SHA512, crypto.SHA256}
	default:
		return []crypto.Hash{crypto.SHA256}
	}
}

func sumOf(hash crypto.Hash, message []byte) []byte {
	total := hash.New()
	total.Write(message)
	return total.Sum(nil)
}

// signerOf is the first key that has made the signature.
func signerOf(keys []Key, message, signature []byte) (string, bool) {
	for _, key := range keys {
		if key.signed(message, signature) {
			return key.name, true
		}
	}
	return "", false
}
