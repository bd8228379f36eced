package oci

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// dockerHub is the name under which Docker keeps the password for its registry.
const dockerHub = "index.docker.io"

// login is what a .dockerconfigjson holds for one registry.
type login struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// credentialOf is what the registry of this host, and no other, is to see.
func credentialOf(access fetch.Access, host string) (auth.Credential, error) {
	switch {
	case access.Token != "":
		return auth.Credential{AccessToken: access.Token}, nil
	case access.Username != "" || access.Password != "":
		return auth.Credential{Username: access.Username, Password: access.Password}, nil
	case len(access.DockerConfig) > 0:
		return fromDockerConfig(access.DockerConfig, host)
	}
	return auth.EmptyCredential, nil
}

func fromDockerConfig(document []byte, host string) (auth.Credential, error) {
	var config struct {
		Auths map[string]login `json:"auths"`
	}
	if json.Unmarshal(document, &config) != nil {
		return auth.EmptyCredential, unusable("is no JSON with `auths`")
	}
	found, known := config.Auths[host]
	for name, one := range config.Auths {
		if !known && isOf(name, host) {
			found, known = one, true
		}
	}
	if !known {
		return auth.EmptyCredential, nil
	}
	return found.credential()
}

// isOf compares the name of an entry, which may be an address with a path.
func isOf(name, host string) bool {
	if address, err := url.Parse(name); err == nil && address.Host != "" {
		name = address.Host
	}
	name, _, _ = strings.Cut(name, "/")
	if name == dockerHub || name == "docker.io" {
		name = "registry-1.docker.io"
	}
	return strings.EqualFold(name, host)
}

func (l login) credential() (auth.Credential, error) {
	made := auth.Credential{
		Username: l.Username, Password: l.Password, RefreshToken: l.IdentityToken, AccessToken: l.RegistryToken,
	}
	if l.Auth == "" {
		return made, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(l.Auth)
	if err != nil {
		return auth.EmptyCredential, unusable("has an `auth` that is not base64")
	}
	user, password, both := strings.Cut(string(decoded), ":")
	if !both {
		return auth.EmptyCredential, unusable("has an `auth` that is not user:password in base64")
	}
	made.Username, made.Password = user, strings.TrimRight(password, "\x00")
	return made, nil
}

func unusable(words string) error {
	return failure.New(pb.Failure_INVALID, "the .dockerconfigjson of the Secret in chart.chartPullSecret %s", words)
}
