// Package identity makes what the parts of a plane know each other by:
// certificates, tokens and kubeconfigs.
//
// Everything is made once per folder and found again by the next run, so that
// a client's kubeconfig outlives a restart. Two folders share nothing.
package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Files, relative to the folder of the plane.
const (
	CACert     = "pki/ca.crt"
	CAKey      = "pki/ca.key"
	ServerCert = "pki/apiserver.crt"
	ServerKey  = "pki/apiserver.key"
	AccountKey = "pki/service-accounts.key"
	// What the API server shows a kubelet when it asks for logs.
	KubeletClientCert = "pki/apiserver-kubelet-client.crt"
	KubeletClientKey  = "pki/apiserver-kubelet-client.key"
	TokenFile         = "pki/tokens.csv"
	Kubeconfig        = "kubeconfig"
)

// Components are those that speak to the API server with a kubeconfig of their own.
var Components = []string{"kube-controller-manager", "kube-scheduler", "kwok"}

// ComponentKubeconfig names the kubeconfig of one component.
func ComponentKubeconfig(name string) string { return "pki/" + name + ".kubeconfig" }

// Admin is what a client needs to reach the plane as its administrator.
type Admin struct {
	CA    []byte // PEM
	Token string
}

// Ensure makes whatever is missing in dir, and writes the kubeconfigs for server.
func Ensure(dir, server string) (Admin, error) {
	if err := os.MkdirAll(filepath.Join(dir, "pki"), 0o700); err != nil {
		return Admin{}, err
	}
	if err := ensureCertificates(dir); err != nil {
		return Admin{}, fmt.Errorf("making certificates: %w", err)
	}
	tokens, err := ensureTokens(filepath.Join(dir, TokenFile))
	if err != nil {
		return Admin{}, fmt.Errorf("making tokens: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, CACert))
	if err != nil {
		return Admin{}, err
	}
	if err := writeKubeconfigs(dir, server, ca, tokens); err != nil {
		return Admin{}, fmt.Errorf("writing kubeconfigs: %w", err)
	}
	return Admin{CA: ca, Token: tokens[adminUser]}, nil
}

// missing says whether any of the files is not there yet.
func missing(dir string, names ...string) bool {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// write puts a file in place whole or not at all, for its owner alone.
func write(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
