package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

var manifest = []byte(`{"schemaVersion":2}`)

func pemOf(t *testing.T, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

// signers make a signature of each kind, and say what checks it.
func signers(t *testing.T) map[string]struct {
	key  []byte
	sign func(message []byte) []byte
} {
	t.Helper()
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	return map[string]struct {
		key  []byte
		sign func(message []byte) []byte
	}{
		"p256": {pemOf(t, p256.Public()), func(m []byte) []byte {
			sum := sha256.Sum256(m)
			return must(ecdsa.SignASN1(rand.Reader, p256, sum[:]))
		}},
		"p384 with its own hash": {pemOf(t, p384.Public()), func(m []byte) []byte {
			sum := sha512.Sum384(m)
			return must(ecdsa.SignASN1(rand.Reader, p384, sum[:]))
		}},
		"ed25519": {pemOf(t, public), func(m []byte) []byte { return ed25519.Sign(private, m) }},
		"ed25519 of the hash": {pemOf(t, public), func(m []byte) []byte {
			sum := sha512.Sum512(m)
			return must(private.Sign(rand.Reader, sum[:], crypto.SHA512))
		}},
		"rsa": {pemOf(t, rsaKey.Public()), func(m []byte) []byte {
			sum := sha256.Sum256(m)
			return must(rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA256, sum[:]))
		}},
	}
}

func payloadOf(digest string) []byte {
	return fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":""},`+
		`"image":{"docker-manifest-digest":%q},"type":"cosign container image signature"},"optional":null}`, digest)
}

func TestAPayloadIsCheckedByEveryKindOfKey(t *testing.T) {
	all := signers(t)
	for name, one := range all {
		payload := payloadOf(digestOf(manifest))
		encoded := base64.StdEncoding.EncodeToString(one.sign(payload))
		keys := must(Keys([][]byte{one.key}))
		if by, err := CheckPayload(keys, manifest, payload, encoded); err != nil || by != keys[0].name {
			t.Errorf("%s: %q, %v", name, by, err)
		}
		changed := append([]byte(" "), payload...)
		if by, err := CheckPayload(keys, manifest, changed, encoded); err == nil || by != "" {
			t.Errorf("%s: took a payload that was changed", name)
		}
		for other, another := range all {
			if string(another.key) == string(one.key) {
				continue
			}
			if _, err := CheckPayload(must(Keys([][]byte{another.key})), manifest, payload, encoded); err == nil {
				t.Errorf("%s: took a signature by %s", other, name)
			}
		}
	}
}

func TestAPayloadMustNameTheManifest(t *testing.T) {
	one := signers(t)["p256"]
	keys := must(Keys([][]byte{one.key}))
	for name, payload := range map[string][]byte{
		"another manifest": payloadOf("sha256:00"),
		"another type":     []byte(`{"critical":{"image":{"docker-manifest-digest":"` + digestOf(manifest) + `"},"type":"x"}}`),
		"no JSON":          []byte(`fine`),
		"nothing":          []byte(`{}`),
	} {
		by, err := CheckPayload(keys, manifest, payload, base64.StdEncoding.EncodeToString(one.sign(payload)))
		if err == nil || by != "" {
			t.Errorf("%s: %q, %v", name, by, err)
		}
	}
	if _, err := CheckPayload(keys, manifest, payloadOf(digestOf(manifest)), "no base64!"); err == nil {
		t.Error("took what is no base64")
	}
}

func envelope(kind string, payload []byte, signatures ...[]byte) map[string]any {
	listed := []map[string]any{}
	for _, one := range signatures {
		listed = append(listed, map[string]any{"sig": one})
	}
	return map[string]any{"dsseEnvelope": map[string]any{"payload": payload, "payloadType": kind, "signatures": listed}}
}

func message(signature, digest []byte) map[string]any {
	return map[string]any{"messageSignature": map[string]any{
		"signature": signature, "messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": digest},
	}}
}

func bundleOf(mediaType string, contents ...map[string]any) []byte {
	whole := map[string]any{"mediaType": mediaType}
	for _, content := range contents {
		for name, value := range content {
			whole[name] = value
		}
	}
	return must(json.Marshal(whole))
}

func statementOf(kind, digest string) []byte {
	return fmt.Appendf(nil, `{"predicateType":%q,"subject":[{"digest":{"sha256":"11"}},{"digest":{"sha256":%q}}]}`,
		kind, strings.TrimPrefix(digest, "sha256:"))
}

func TestABundleIsCheckedWhole(t *testing.T) {
	one, other := signers(t)["p256"], signers(t)["p256"]
	keys := must(Keys([][]byte{one.key}))
	sum := sha256.Sum256(manifest)
	good := statementOf(signPredicate, digestOf(manifest))
	pae := func(kind string, payload []byte) []byte {
		return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
	}
	signed := func(payload []byte) map[string]any {
		return envelope(inTotoPayload, payload, one.sign(pae(inTotoPayload, payload)))
	}
	for name, row := range map[string]struct {
		document []byte
		fine     bool
	}{
		"a message":                  {bundleOf(Bundle, message(one.sign(manifest), sum[:])), true},
		"a message of another":       {bundleOf(Bundle, message(one.sign([]byte("x")), sum[:])), false},
		"a message's other digest":   {bundleOf(Bundle, message(one.sign(manifest), []byte("x"))), false},
		"a message by another key":   {bundleOf(Bundle, message(other.sign(manifest), sum[:])), false},
		"a statement":                {bundleOf(Bundle, signed(good)), true},
		"a statement, the second":    {bundleOf(Bundle, envelope(inTotoPayload, good, []byte("x"), one.sign(pae(inTotoPayload, good)))), true},
		"a statement of another":     {bundleOf(Bundle, signed(statementOf(signPredicate, "sha256:22"))), false},
		"a report":                   {bundleOf(Bundle, signed(statementOf("https://slsa.dev/provenance/v1", digestOf(manifest)))), false},
		"a statement, no signature":  {bundleOf(Bundle, envelope(inTotoPayload, good)), false},
		"signed without its type":    {bundleOf(Bundle, envelope(inTotoPayload, good, one.sign(good))), false},
		"of another type":            {bundleOf(Bundle, envelope("text/plain", good, one.sign(pae("text/plain", good)))), false},
		"a statement by another key": {bundleOf(Bundle, envelope(inTotoPayload, good, other.sign(pae(inTotoPayload, good)))), false},
		"both at once":               {bundleOf(Bundle, signed(good), message(one.sign(manifest), sum[:])), false},
		"neither":                    {bundleOf(Bundle), false},
		"of another version":         {bundleOf("application/x", signed(good)), false},
		"no JSON":                    {[]byte("fine"), false},
	} {
		by, err := CheckBundle(keys, manifest, row.document)
		if (err == nil) != row.fine || (by != "") != row.fine {
			t.Errorf("%s: %q, %v", name, by, err)
		}
	}
}

func TestKeysAreReadOrNamed(t *testing.T) {
	one, two := signers(t)["p256"].key, signers(t)["rsa"].key
	if keys, err := Keys([][]byte{append(one, two...), two}); err != nil || len(keys) != 3 {
		t.Errorf("%d, %v", len(keys), err)
	}
	weak := pemOf(t, must(rsa.GenerateKey(rand.Reader, 1024)).Public())
	private := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: []byte("planted")})
	for name, documents := range map[string][][]byte{
		"none":        {},
		"no PEM":      {one, []byte("planted")},
		"a private":   {one, private},
		"damaged":     {one, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})},
		"a weak one":  {one, weak},
		"empty":       {one, nil},
		"nothing yet": nil,
	} {
		_, err := Keys(documents)
		if !failure.Is(err, pb.Failure_UNVERIFIED) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", name, err)
		}
		if len(documents) > 1 && !strings.Contains(err.Error(), "key 2 of the keys") {
			t.Errorf("%s does not name the key: %v", name, err)
		}
	}
}

func TestAFingerprintTellsKeysAndProvidersApart(t *testing.T) {
	seen := map[string]bool{}
	for _, one := range []string{
		Fingerprint(ByCosign, [][]byte{[]byte("a"), []byte("b")}), Fingerprint(ByCosign, [][]byte{[]byte("ab")}),
		Fingerprint(ByProvenance, [][]byte{[]byte("ab")}), Fingerprint(ByCosign, nil),
	} {
		if seen[one] {
			t.Errorf("%s twice", one)
		}
		seen[one] = true
	}
}
