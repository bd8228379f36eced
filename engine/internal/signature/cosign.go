package signature

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// What cosign writes into a registry.
const (
	// SimpleSigning is the type of a payload that names a manifest.
	SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
	// PayloadSignature is the annotation of it that holds the signature.
	PayloadSignature = "dev.cosignproject.cosign/signature"
	// Bundle is the type of signatures of newer versions, with what proves them.
	Bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// LargestSignature bounds one payload or bundle.
	LargestSignature = 1 << 20

	signPredicate = "https://sigstore.dev/cosign/sign/v1"
	inTotoPayload = "application/vnd.in-toto+json"
	payloadType   = "cosign container image signature"
)

var (
	errOtherKey      = errors.New("it was made by a key that is not among those given")
	errOtherManifest = errors.New("it signs another manifest")
	errDamaged       = errors.New("it is damaged")
)

// CheckPayload checks a payload and its signature (in base64): one of the keys
// must have signed the payload, and the payload must name the manifest.
func CheckPayload(keys []Key, manifest, payload []byte, encoded string) (string, error) {
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", errDamaged
	}
	by, signed := signerOf(keys, payload, signature)
	if !signed {
		return "", errOtherKey
	}
	var said struct {
		Critical struct {
			Type  string `json:"type"`
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
		} `json:"critical"`
	}
	if json.Unmarshal(payload, &said) != nil || said.Critical.Type != payloadType {
		return "", fmt.Errorf("what it signs is no %s", payloadType)
	}
	if said.Critical.Image.Digest != digestOf(manifest) {
		return "", errOtherManifest
	}
	return by, nil
}

// bundle is what we read of one; that its log entries are right is not checked.
type bundle struct {
	MediaType        string `json:"mediaType"`
	MessageSignature *struct {
		Digest *struct {
			Algorithm string `json:"algorithm"`
			Digest    []byte `json:"digest"`
		} `json:"messageDigest"`
		Signature []byte `json:"signature"`
	} `json:"messageSignature"`
	Envelope *struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Signature []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

// CheckBundle checks a bundle: one of the keys must have signed the manifest
// itself, or a statement that it is signed.
func CheckBundle(keys []Key, manifest, document []byte) (string, error) {
	var read bundle
	if json.Unmarshal(document, &read) != nil {
		return "", errDamaged
	}
	switch {
	case read.MediaType != Bundle:
		return "", fmt.Errorf("it is of the unknown type %q", read.MediaType)
	case read.MessageSignature != nil && read.Envelope == nil:
		return read.checkMessage(keys, manifest)
	case read.Envelope != nil && read.MessageSignature == nil:
		return read.checkEnvelope(keys, manifest)
	}
	return "", errDamaged
}

func (b *bundle) checkMessage(keys []Key, manifest []byte) (string, error) {
	sum := sha256.Sum256(manifest)
	if said := b.MessageSignature.Digest; said != nil && said.Algorithm == "SHA2_256" && string(said.Digest) != string(sum[:]) {
		return "", errOtherManifest
	}
	by, signed := signerOf(keys, manifest, b.MessageSignature.Signature)
	if !signed {
		return "", errOtherKey
	}
	return by, nil
}

// checkEnvelope takes a statement of signing alone: a report on a chart, signed
// with the same key, says nothing for the chart.
func (b *bundle) checkEnvelope(keys []Key, manifest []byte) (string, error) {
	envelope := b.Envelope
	if envelope.PayloadType != inTotoPayload {
		return "", fmt.Errorf("what it signs is of the unknown type %q", envelope.PayloadType)
	}
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s",
		len(envelope.PayloadType), envelope.PayloadType, len(envelope.Payload), envelope.Payload)
	for _, one := range envelope.Signatures {
		by, signed := signerOf(keys, message, one.Signature)
		if !signed {
			continue
		}
		if err := checkStatement(envelope.Payload, manifest); err != nil {
			return "", err
		}
		return by, nil
	}
	return "", errOtherKey
}

func checkStatement(payload, manifest []byte) error {
	var statement struct {
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if json.Unmarshal(payload, &statement) != nil {
		return errDamaged
	}
	if statement.PredicateType != signPredicate {
		return fmt.Errorf("it is a statement of another kind, %q", statement.PredicateType)
	}
	for _, subject := range statement.Subject {
		if "sha256:"+subject.Digest["sha256"] == digestOf(manifest) {
			return nil
		}
	}
	return errOtherManifest
}

func digestOf(manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return "sha256:" + hex.EncodeToString(sum[:])
}
