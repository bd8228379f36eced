package fetch

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// loggedIn takes user and password for a host out of a .dockerconfigjson, where
// nothing else is given: some registries serve repositories of the old kind too.
func (a Access) loggedIn(home *url.URL) Access {
	var config struct {
		Auths map[string]struct{ Auth, Username, Password string }
	}
	if a.shows() || json.Unmarshal(a.DockerConfig, &config) != nil {
		return a
	}
	for name, login := range config.Auths {
		if !namesHost(name, home) {
			continue
		}
		a.Username, a.Password = login.Username, login.Password
		if decoded, err := base64.StdEncoding.DecodeString(login.Auth); err == nil && len(decoded) > 0 {
			a.Username, a.Password, _ = strings.Cut(string(decoded), ":")
		}
	}
	return a
}

// namesHost compares an entry's name, which may be an address with a path.
func namesHost(name string, home *url.URL) bool {
	if _, rest, found := strings.Cut(name, "://"); found {
		name = rest
	}
	name, _, _ = strings.Cut(name, "/")
	return origin(&url.URL{Scheme: home.Scheme, Host: name}) == origin(home)
}
