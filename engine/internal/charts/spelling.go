package charts

import (
	"net/url"
	"regexp"
	"strings"

	"helmward.dev/engine/internal/fetch"
)

// spelling is an address as it names a repository: the same for all ways to
// write it. User and query are not in it.
func spelling(address *url.URL) string {
	scheme, host := strings.ToLower(address.Scheme), strings.ToLower(address.Host)
	switch {
	case scheme == "http":
		host = strings.TrimSuffix(host, ":80")
	case scheme == "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host + strings.TrimRight(address.EscapedPath(), "/")
}

// secretName is what parameters are called by that let somebody in.
var secretName = regexp.MustCompile(`(?i)tok|sig|key|pass|pw|auth|secret|cred|sas|jwt|session|^s[a-z]$`)

// longSecret is from which length on a parameter is taken for one anyway.
const longSecret = 16

// identity names who asks: the access, and what in the query could be a
// credential. Without telling them.
func identity(access fetch.Access, address *url.URL) string {
	shown := url.Values{}
	for name, values := range address.Query() {
		for _, value := range values {
			if secretName.MatchString(name) || len(value) >= longSecret {
				shown.Add(name, value)
			}
		}
	}
	if len(shown) == 0 {
		return access.Key()
	}
	return access.Key() + "?" + fetch.Access{Token: shown.Encode()}.Key()
}
