package identity

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const server = "https://127.0.0.1:6443"

func ensured(t *testing.T, dir string) Admin {
	t.Helper()
	admin, err := Ensure(dir, server)
	if err != nil {
		t.Fatal(err)
	}
	return admin
}

// Clients keep their kubeconfig over a restart of the plane.
func TestASecondRunFindsWhatTheFirstMade(t *testing.T) {
	dir := t.TempDir()
	first, second := ensured(t, dir), ensured(t, dir)
	if first.Token != second.Token || string(first.CA) != string(second.CA) {
		t.Error("the second run made a token or a CA anew")
	}
}

// With a token in common, one plane's client could talk to the other unnoticed.
func TestTwoPlanesShareNothing(t *testing.T) {
	one, other := ensured(t, t.TempDir()), ensured(t, t.TempDir())
	if one.Token == other.Token || string(one.CA) == string(other.CA) {
		t.Error("two folders share a token or a CA")
	}
}

func TestTheServingCertificateIsTrustedByTheCA(t *testing.T) {
	dir := t.TempDir()
	admin := ensured(t, dir)
	loaded, err := tls.LoadX509KeyPair(filepath.Join(dir, ServerCert), filepath.Join(dir, ServerKey))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(admin.CA)
	for _, host := range []string{"127.0.0.1", "localhost", ServiceIP, "kubernetes.default.svc"} {
		if _, err := loaded.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots}); err != nil {
			t.Errorf("for %s: %v", host, err)
		}
	}
}

// Whoever reads any of these files is master of the plane.
func TestSecretsAreForTheirOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	ensured(t, dir)
	files := []string{Kubeconfig, TokenFile, CAKey, ServerKey, AccountKey, KubeletClientKey}
	for _, name := range Components {
		files = append(files, ComponentKubeconfig(name))
	}
	for _, file := range files {
		status, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if status.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", file, status.Mode().Perm())
		}
	}
}

func TestTheKubeconfigNamesServerAndToken(t *testing.T) {
	dir := t.TempDir()
	admin := ensured(t, dir)
	text, err := os.ReadFile(filepath.Join(dir, Kubeconfig))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"server: " + server, "token: " + admin.Token} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the kubeconfig lacks %q", part)
		}
	}
}
