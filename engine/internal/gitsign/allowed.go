package gitsign

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

const smallestRSA = 2048

// signer is one line of an allowed signers file, or a plain public key.
type signer struct {
	key        ssh.PublicKey
	principals string
	// namespaces are patterns; none means any.
	namespaces []string
	// after and before are zero where the line does not say.
	after, before time.Time
}

type signers []signer

// readAllowed reads keys, a line each. One bad line refuses all of them: what it
// was to say is not known.
func readAllowed(documents [][]byte) (signers, error) {
	var all signers
	for i, document := range documents {
		number := 0
		for line := range bytes.Lines(document) {
			number++
			text := strings.TrimSpace(string(line))
			if text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			read, err := readSigner(text)
			if err != nil {
				return nil, fmt.Errorf("line %d of key %d of the SSH keys %w", number, i+1, err)
			}
			all = append(all, read)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the SSH keys given hold no key")
	}
	return all, nil
}

func readSigner(line string) (signer, error) {
	words := fieldsOf(line)
	// A plain key starts with its type, a line of allowed signers with principals.
	if isKeyType(words[0]) {
		return withKey(signer{}, words, 0)
	}
	read := signer{principals: strings.Trim(words[0], `"`)}
	at := 1
	if len(words) > 1 && !isKeyType(words[1]) {
		if err := read.restrict(words[1]); err != nil {
			return signer{}, err
		}
		at = 2
	}
	return withKey(read, words, at)
}

func withKey(read signer, words []string, at int) (signer, error) {
	key, err := readKey(words, at)
	if err != nil {
		return signer{}, err
	}
	read.key = key
	return read, strong(key)
}

func isKeyType(word string) bool {
	return strings.HasPrefix(word, "ssh-") || strings.HasPrefix(word, "ecdsa-") || strings.HasPrefix(word, "sk-")
}

// readKey reads the key whose type is the word at that place.
func readKey(words []string, at int) (ssh.PublicKey, error) {
	errNone := errors.New("is no public key, and no line of allowed signers")
	if len(words) < at+2 || !isKeyType(words[at]) {
		return nil, errNone
	}
	blob, err := base64.StdEncoding.DecodeString(words[at+1])
	if err != nil {
		return nil, errNone
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil || key.Type() != words[at] {
		return nil, errNone
	}
	return key, nil
}

// strong refuses keys that must not be trusted.
func strong(key ssh.PublicKey) error {
	if _, is := key.(*ssh.Certificate); is {
		return errors.New("is a certificate; name the keys themselves")
	}
	if key.Type() == ssh.InsecureKeyAlgoDSA {
		return errors.New("is a DSA key; take an Ed25519 key")
	}
	holder, is := key.(ssh.CryptoPublicKey)
	if !is {
		return nil
	}
	if public, is := holder.CryptoPublicKey().(*rsa.PublicKey); is && public.N.BitLen() < smallestRSA {
		return fmt.Errorf("is an RSA key of %d bits; %d are needed", public.N.BitLen(), smallestRSA)
	}
	return nil
}

// restrict reads a line's options.
func (s *signer) restrict(options string) error {
	for _, option := range split(options, ',') {
		name, value, _ := strings.Cut(option, "=")
		value = strings.Trim(value, `"`)
		var err error
		switch strings.ToLower(name) {
		case "namespaces":
			s.namespaces = strings.Split(value, ",")
		case "valid-after":
			s.after, err = readTime(value)
		case "valid-before":
			s.before, err = readTime(value)
		case "cert-authority":
			return errors.New("is a cert-authority, which is not understood; name the keys themselves")
		default:
			return errors.New("has an option that is not understood; namespaces=, valid-after= and valid-before= are")
		}
		if err != nil {
			return fmt.Errorf("has a %s that is no time; YYYYMMDD[HHMM[SS]][Z] is one", strings.ToLower(name))
		}
	}
	return nil
}

// readTime reads a time as ssh-keygen(1) has it; without a Z it is local time.
func readTime(text string) (time.Time, error) {
	text, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) == len(text) {
			return time.ParseInLocation(layout, text, zone)
		}
	}
	return time.Time{}, errors.New("no such form")
}

// admit says who holds the key, if one line lets it sign commits at that time.
func (s signers) admit(key ssh.PublicKey, at time.Time) (string, error) {
	wire := key.Marshal()
	refusal := errors.New("it is signed by an SSH key that is not among those given")
	for _, one := range s {
		if !bytes.Equal(one.key.Marshal(), wire) {
			continue
		}
		err := one.allows(at)
		if err == nil {
			return one.name(), nil
		}
		refusal = fmt.Errorf("the SSH key %s that signed it %w", one.name(), err)
	}
	return "", refusal
}

func (s signer) allows(at time.Time) error {
	switch {
	case len(s.namespaces) > 0 && !matches(s.namespaces, namespace):
		return fmt.Errorf("is not allowed for %q by its namespaces", namespace)
	case !s.after.IsZero() && at.Before(s.after):
		return fmt.Errorf("is only valid after %s", s.after.UTC().Format(time.RFC3339))
	case !s.before.IsZero() && !at.Before(s.before):
		return fmt.Errorf("is only valid before %s", s.before.UTC().Format(time.RFC3339))
	}
	return nil
}

// name is who holds the key, and the key's fingerprint.
func (s signer) name() string {
	fingerprint := ssh.FingerprintSHA256(s.key)
	if s.principals == "" {
		return fingerprint
	}
	return s.principals + " " + fingerprint
}
