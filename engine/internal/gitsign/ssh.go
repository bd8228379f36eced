package gitsign

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
)

const (
	// magic opens a signature as well as what is really signed.
	magic = "SSHSIG"
	// namespace keeps signatures of git apart from those made for other ends.
	namespace = "git"
)

// sshSignature is what the armour holds, after the magic.
type sshSignature struct {
	Version   uint32
	PublicKey string
	Namespace string
	Reserved  string
	Hash      string
	Signature string
}

// sshSigned is what is really signed, after the magic.
type sshSigned struct {
	Namespace string
	Reserved  string
	Hash      string
	Digest    string
}

func bySSH(payload []byte, armoured string, keys Keys) (string, error) {
	if sizeOf(keys.SSH) == 0 {
		return "", unverified("it is signed with an SSH key, and no SSH key was given to check it with")
	}
	allowed, err := readAllowed(keys.SSH)
	if err != nil {
		return "", unverified("its signature cannot be checked: %w", err)
	}
	signature, err := readSSH(armoured)
	if err != nil {
		return "", unverified("its SSH signature %w", err)
	}
	key, err := signature.key()
	if err != nil {
		return "", unverified("its SSH signature %w", err)
	}
	// Whether the key is known comes first: a stranger's signature costs nothing.
	by, err := allowed.admit(key, signedAt(payload))
	if err != nil {
		return "", unverified("%w", err)
	}
	if err := signature.check(key, payload); err != nil {
		return "", unverified("its SSH signature %w", err)
	}
	return by, nil
}

func readSSH(armoured string) (*sshSignature, error) {
	block, _ := pem.Decode([]byte(armoured))
	if block == nil || block.Type != "SSH SIGNATURE" {
		return nil, errors.New("is damaged")
	}
	blob, found := bytes.CutPrefix(block.Bytes, []byte(magic))
	read := &sshSignature{}
	if !found || ssh.Unmarshal(blob, read) != nil {
		return nil, errors.New("is damaged")
	}
	if read.Version != 1 {
		return nil, fmt.Errorf("is of version %d; 1 is understood", read.Version)
	}
	if read.Namespace != namespace {
		return nil, fmt.Errorf("was made for %.40q, not for %q", read.Namespace, namespace)
	}
	return read, nil
}

// key is the key that the signature says it was made with.
func (s *sshSignature) key() (ssh.PublicKey, error) {
	key, err := ssh.ParsePublicKey([]byte(s.PublicKey))
	if err != nil {
		return nil, errors.New("names no public key")
	}
	if _, is := key.(*ssh.Certificate); is {
		return nil, errors.New("was made with a certificate; plain keys are understood")
	}
	return key, nil
}

func (s *sshSignature) check(key ssh.PublicKey, payload []byte) error {
	digest, err := s.digest(payload)
	if err != nil {
		return err
	}
	made := &ssh.Signature{}
	if ssh.Unmarshal([]byte(s.Signature), made) != nil {
		return errors.New("is damaged")
	}
	if key.Type() == ssh.KeyAlgoRSA && !slices.Contains(rsaFormats, made.Format) {
		return fmt.Errorf("was made with %.40q; %q and %q are trusted", made.Format, rsaFormats[0], rsaFormats[1])
	}
	signed := append([]byte(magic), ssh.Marshal(sshSigned{s.Namespace, s.Reserved, s.Hash, string(digest)})...)
	if key.Verify(signed, made) != nil {
		return errors.New("does not fit what it stands under")
	}
	return nil
}

// rsaFormats leave out SHA-1.
var rsaFormats = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}

func (s *sshSignature) digest(payload []byte) ([]byte, error) {
	switch s.Hash {
	case "sha256":
		sum := sha256.Sum256(payload)
		return sum[:], nil
	case "sha512":
		sum := sha512.Sum512(payload)
		return sum[:], nil
	}
	return nil, fmt.Errorf("hashes with %.40q; sha256 and sha512 are trusted", s.Hash)
}
