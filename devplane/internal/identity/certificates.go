package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"time"
)

// lifetime is long: nobody renews the certificates of a plane.
const lifetime = 10 * 365 * 24 * time.Hour

// ServiceIP is the first address of the range of Services, the API server's own.
const ServiceIP = "10.96.0.1"

// KubeletClientName is who the API server is to a kubelet.
const KubeletClientName = "kube-apiserver-kubelet-client"

type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func ensureCertificates(dir string) error {
	if missing(dir, CACert, CAKey, ServerCert, ServerKey, KubeletClientCert, KubeletClientKey) {
		if err := makeCertificates(dir); err != nil {
			return err
		}
	}
	if !missing(dir, AccountKey) {
		return nil
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, AccountKey), key)
}

func makeCertificates(dir string) error {
	ca, err := sign(authority(), nil)
	if err != nil {
		return err
	}
	server, err := sign(serving(), ca)
	if err != nil {
		return err
	}
	client, err := sign(askingKubelets(), ca)
	if err != nil {
		return err
	}
	if err := writePair(dir, CACert, CAKey, ca); err != nil {
		return err
	}
	if err := writePair(dir, KubeletClientCert, KubeletClientKey, client); err != nil {
		return err
	}
	return writePair(dir, ServerCert, ServerKey, server)
}

func authority() *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: "devplane"},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

func serving() *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.ParseIP(ServiceIP)},
		DNSNames: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local",
		},
	}
}

func askingKubelets() *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: KubeletClientName},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// sign makes a key for the template and has it signed by ca, or by itself.
func sign(template *x509.Certificate, ca *pair) (*pair, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	if ca == nil {
		ca = &pair{template, key}
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, err
	}
	// An hour back, for clocks that disagree a little.
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(lifetime)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &pair{cert, key}, err
}

// newKey makes an elliptic key: in no time, where RSA takes a second of two.
func newKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func writePair(dir, certName, keyName string, made *pair) error {
	if err := writeKey(filepath.Join(dir, keyName), made.key); err != nil {
		return err
	}
	block := &pem.Block{Type: "CERTIFICATE", Bytes: made.cert.Raw}
	return write(filepath.Join(dir, certName), pem.EncodeToMemory(block))
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return write(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}
