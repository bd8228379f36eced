package fetch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// door is what every request passes, each hop of a redirect too: it asks the
// guard and decides what the other side sees of us.
type door struct {
	client *Client
	access Access
	id     string
	guard  guard
	// home is what the access was given for; nil: whatever is asked first, and
	// whoever asks sets the credentials himself.
	home *url.URL
}

func (c *Client) client(r Request) (*http.Client, error) {
	guard, err := newGuard(r.Allowed, c.options.RefuseLocal)
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Transport:     &door{c, r.Access, r.Access.Key(), guard, r.Home},
		CheckRedirect: redirecting(r.Access),
	}, nil
}

// HTTP makes a client for those who speak for themselves, as to registries:
// TLS, egress and redirects are seen to, credentials are theirs to set.
func (c *Client) HTTP(access Access, allowed []string) (*http.Client, error) {
	return c.client(Request{Access: access, Allowed: allowed})
}

// Allows says whether an address may be asked at all. Whoever answers from what
// he keeps asks this first.
func (c *Client) Allows(address *url.URL, allowed []string) error {
	if address.Scheme == "data" {
		return nil
	}
	guard, err := newGuard(allowed, c.options.RefuseLocal)
	if err != nil {
		return err
	}
	lifted, err := guard.check(address)
	if err != nil || lifted {
		return err
	}
	if err := guard.name(address.Hostname()); err != nil {
		return asForbidden(address, err)
	}
	return nil
}

// RoundTrip is one request.
func (d *door) RoundTrip(request *http.Request) (*http.Response, error) {
	lifted, err := d.guard.check(request.URL)
	if err != nil {
		return nil, err
	}
	if err := d.client.waits.check(request.URL, d.id); err != nil {
		return nil, err
	}
	trusted := d.trusts(request)
	if d.home != nil && trusted && d.access.shows() {
		request = request.Clone(request.Context())
		d.access.introduce(request)
	}
	transport, err := d.transport(request, lifted, trusted)
	if err != nil {
		return nil, err
	}
	response, err := transport.RoundTrip(request)
	if err == nil {
		d.client.waits.note(request.URL, d.id, response)
	}
	return response, err
}

// trusts says whether the access was given for whoever is asked now.
func (d *door) trusts(request *http.Request) bool {
	home := d.home
	if home == nil {
		home = first(request).URL
	}
	if origin(home) == origin(request.URL) {
		return true
	}
	return d.access.Pass && !(home.Scheme == "https" && request.URL.Scheme == "http")
}

// first follows redirects back to where they began.
func first(request *http.Request) *http.Request {
	for request.Response != nil && request.Response.Request != nil {
		request = request.Response.Request
	}
	return request
}

func (d *door) transport(request *http.Request, lifted, trusted bool) (http.RoundTripper, error) {
	want := wanted{access: d.access, id: d.id, certificate: trusted, guard: d.guard, kind: guarded}
	proxy, err := http.ProxyFromEnvironment(request)
	switch {
	case err != nil:
		return nil, errors.New("the environment names a proxy that is no URL")
	case lifted:
		want.kind = free
	case proxy != nil:
		want.kind = free
		if err := d.guard.name(request.URL.Hostname()); err != nil {
			return nil, err
		}
	}
	return d.client.transports.get(want)
}

// redirecting bounds redirects. What says who we are goes no further than the
// host it was meant for.
func redirecting(access Access) func(*http.Request, []*http.Request) error {
	return func(request *http.Request, via []*http.Request) error {
		if len(via) > mostHops {
			return errors.New("redirects too often, in a circle it seems")
		}
		if scheme := request.URL.Scheme; scheme != "http" && scheme != "https" {
			return errors.New("redirects to what is not served over HTTP")
		}
		request.Header.Del("Referer")
		request.URL.User = nil
		down := via[0].URL.Scheme == "https" && request.URL.Scheme == "http"
		if origin(via[0].URL) != origin(request.URL) && (!access.Pass || down) {
			request.Header.Del("Authorization")
			request.Header.Del("Cookie")
		}
		return nil
	}
}

// failed words an error of a request; failures of our own pass.
func (c *Client) failed(ctx context.Context, address *url.URL, err error) error {
	var known *failure.Failure
	if errors.As(err, &known) {
		return known
	}
	if forbidden := asForbidden(asked(address, err), err); forbidden != nil {
		return forbidden
	}
	var bad *unusable
	if errors.As(err, &bad) {
		return failure.New(pb.Failure_INVALID, "%s: %w", Shown(address), bad)
	}
	said := reason(ctx, err)
	if address.Scheme == "https" && strings.HasPrefix(said, brokeOff) {
		// Who refuses a certificate may be gone before we have read why.
		said += " before it answered: does it refuse our client certificate, or want one (tls.crt)?"
	}
	return Unavailable(address, "%s", said)
}

// asked is the address that a redirect has led to.
func asked(address *url.URL, err error) *url.URL {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		if last, err := url.Parse(wrapped.URL); err == nil {
			return last
		}
	}
	return address
}
