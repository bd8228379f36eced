package oci

import (
	"strings"
	"testing"

	"oras.land/oras-go/v2/registry/remote/auth"

	"helmward.dev/engine/internal/fetch"
)

func TestALoginIsFoundByItsHost(t *testing.T) {
	ada := auth.Credential{Username: "ada", Password: "word:1"}
	for name, row := range map[string]struct {
		config string
		host   string
		want   auth.Credential
	}{
		"by host":             {`{"auths":{"r.io":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io", ada},
		"with a scheme":       {`{"auths":{"https://r.io":{"username":"ada","password":"word:1"}}}`, "r.io", ada},
		"with a path":         {`{"auths":{"r.io/team":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io", ada},
		"in another case":     {`{"auths":{"R.IO":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io", ada},
		"Docker's own":        {`{"auths":{"https://index.docker.io/v1/":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "registry-1.docker.io", ada},
		"the exact one first": {`{"auths":{"https://r.io":{"auth":"YTpi"},"r.io":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io", ada},
		"another port":        {`{"auths":{"r.io:5000":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io", auth.EmptyCredential},
		"another host":        {`{"auths":{"s.io":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io", auth.EmptyCredential},
		"a longer host":       {`{"auths":{"r.io":{"auth":"YWRhOndvcmQ6MQ=="}}}`, "r.io.evil.com", auth.EmptyCredential},
		"an identity token":   {`{"auths":{"r.io":{"identitytoken":"t"}}}`, "r.io", auth.Credential{RefreshToken: "t"}},
		"a registry token":    {`{"auths":{"r.io":{"registrytoken":"t"}}}`, "r.io", auth.Credential{AccessToken: "t"}},
		"nothing":             {`{}`, "r.io", auth.EmptyCredential},
	} {
		got, err := credentialOf(fetch.Access{DockerConfig: []byte(row.config)}, row.host)
		if err != nil || got != row.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestWhatIsGivenByNameComesFirst(t *testing.T) {
	config := []byte(`{"auths":{"r.io":{"auth":"YTpi"}}}`)
	for _, row := range []struct {
		access fetch.Access
		want   auth.Credential
	}{
		{fetch.Access{Token: "t", Username: "ada", DockerConfig: config}, auth.Credential{AccessToken: "t"}},
		{fetch.Access{Username: "ada", Password: "w", DockerConfig: config}, auth.Credential{Username: "ada", Password: "w"}},
		{fetch.Access{}, auth.EmptyCredential},
	} {
		if got, err := credentialOf(row.access, "r.io"); err != nil || got != row.want {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestADamagedLoginIsRefusedWithoutQuotingIt(t *testing.T) {
	for _, config := range []string{
		`planted`, `{"auths":["planted"]}`, `{"auths":{"r.io":{"auth":"planted!"}}}`, `{"auths":{"r.io":{"auth":"cGxhbnRlZA=="}}}`,
	} {
		_, err := credentialOf(fetch.Access{DockerConfig: []byte(config)}, "r.io")
		if err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", config, err)
		}
	}
}
