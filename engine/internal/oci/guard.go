package oci

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// guard keeps credentials at home. A registry names in its challenge who gives
// out tokens, and whoever that is would be shown the password: so a registry
// that was taken over, or that lies, could send it anywhere.
//
// Credentials go to the registry itself, to a host of the same registrable
// domain over HTTPS (auth.docker.io for registry-1.docker.io), and to others
// where that was asked for. All else is refused before it is sent.
type guard struct {
	next http.RoundTripper
	home *url.URL
	pass bool
}

func originOf(plain bool, host string) *url.URL {
	scheme := "https"
	if plain {
		scheme = "http"
	}
	return &url.URL{Scheme: scheme, Host: host}
}

// RoundTrip is one request, a hop of a redirect or a request for a token too.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if shows(request) && !g.trusts(request.URL) {
		return nil, failure.New(pb.Failure_SOURCE_UNAVAILABLE,
			"%s names %s as who gives out its tokens: credentials are not sent to another host, "+
				"unless the annotation helmward.dev/pass-credentials says so", fetch.Shown(g.home), fetch.Shown(request.URL))
	}
	return g.next.RoundTrip(request)
}

// shows says whether a request holds what must not be seen by others. Reading
// needs no body: one that is there is a form with a token or a password.
func shows(request *http.Request) bool {
	return request.Header.Get("Authorization") != "" || request.Method != http.MethodGet && request.Method != http.MethodHead
}

func (g *guard) trusts(address *url.URL) bool {
	if sameOrigin(g.home, address) {
		return true
	}
	if address.Scheme != "https" {
		return false
	}
	return g.pass || sameDomain(g.home.Hostname(), address.Hostname())
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(address *url.URL) string {
	if port := address.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[address.Scheme]
}

// sameDomain compares what somebody has registered; names that nobody has,
// such as addresses and the names inside a cluster, have to be the same.
func sameDomain(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b {
		return true
	}
	mine, known := registered(a)
	theirs, other := registered(b)
	return known && other && mine == theirs
}

func registered(host string) (string, bool) {
	suffix, listed := publicsuffix.PublicSuffix(host)
	if !listed && !strings.Contains(suffix, ".") {
		return "", false
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	return domain, err == nil
}
