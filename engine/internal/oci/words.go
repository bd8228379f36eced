package oci

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

var (
	// ErrAbsent says that the registry answers, and has no such thing.
	ErrAbsent = errors.New("is not there")
	// ErrDenied says that the registry does not let us in; some say that too of
	// what is not there.
	ErrDenied = errors.New("is denied")
	errOdd    = errors.New("is no registry's answer")
)

// told is a failure that is also one of the above.
type told struct {
	error
	is error
}

func (t *told) Is(other error) bool { return other == t.is }
func (t *told) Unwrap() error       { return t.error }

func (r *Repository) invalid(reference, format string, values ...any) error {
	return failure.New(pb.Failure_CHART_INVALID, "%s, %s: "+format,
		slices.Concat([]any{r.Address(), reference}, values)...)
}

// failed words an error of the registry, or of the way to it.
func (r *Repository) failed(ctx context.Context, what string, err error) error {
	var known *failure.Failure
	var answered *errcode.ErrorResponse
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, errdef.ErrNotFound):
		return ErrAbsent
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return &told{r.web.Answered(r.address, r.address, r.access, http.StatusUnauthorized, false), ErrDenied}
	case errors.As(err, &answered):
		return r.answered(answered)
	case errors.Is(err, errdef.ErrTooManyPages):
		return failure.New(pb.Failure_TOO_LARGE, "%s lists too much: more than %d pages of %s", r.Address(), mostPages, what)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fetch.Unavailable(r.address, "speaks HTTP where HTTPS is wanted: the annotation "+
			"helmward.dev/plain-http: \"true\" would allow that")
	case isTransport(err) || ctx.Err() != nil:
		return r.web.Failed(ctx, r.address, err)
	}
	return &told{fetch.Unavailable(r.address, "answers for %s what no registry would: %s", what, withoutAddress(err)), errOdd}
}

func (r *Repository) answered(response *errcode.ErrorResponse) error {
	if response.StatusCode == http.StatusNotFound {
		return ErrAbsent
	}
	address := r.address
	if response.URL.Host != r.remote.Reference.Host() {
		address = response.URL // who gives out tokens
	}
	said := r.web.Answered(address, response.URL, r.access, response.StatusCode, r.shows)
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
		return &told{said, ErrDenied}
	}
	return said
}

func isTransport(err error) bool {
	var wrapped *url.Error
	return errors.As(err, &wrapped)
}

// withoutAddress keeps the last part of what is said: what is before it may
// quote an address.
func withoutAddress(err error) string {
	text := err.Error()
	if at := strings.LastIndex(text, `": `); at >= 0 {
		return text[at+len(`": `):]
	}
	return text
}
