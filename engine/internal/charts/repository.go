package charts

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// repository is one address, credentials included, and its index.
type repository struct {
	address  *url.URL
	client   *http.Client
	requests *atomic.Int64
	largest  int64
	flight   singleflight.Group

	mu         sync.Mutex
	index      *index
	validators validators
	askedAt    time.Time
	generation int
}

// seen is an index as one pull uses it.
type seen struct {
	index      *index
	generation int
	age        time.Duration
	// stale says why the repository could not be asked.
	stale error
}

func parseAddress(text string) (*url.URL, error) {
	address, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, failure.New(pb.Failure_INVALID, "the repository's address is not a URL")
	case address.Scheme == "oci":
		return nil, failure.New(pb.Failure_INVALID, "OCI registries cannot be read yet: %s", shown(address))
	case address.Scheme != "http" && address.Scheme != "https", address.Host == "":
		return nil, failure.New(pb.Failure_INVALID,
			"the repository's address must start with http:// or https://, not %q", shown(address))
	}
	return address, nil
}

// current gives an index not older than the age allowed, or an older one with
// the reason why there is no newer.
func (r *repository) current(ctx context.Context, oldest time.Duration) (*seen, error) {
	if known := r.known(); known.index != nil && known.age <= oldest {
		return known, nil
	}
	err := r.refresh(ctx)
	known := r.known()
	if err == nil {
		return known, nil
	}
	if known.index == nil {
		return nil, err
	}
	known.stale = err
	return known, nil
}

func (r *repository) known() *seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &seen{index: r.index, generation: r.generation, age: time.Since(r.askedAt)}
}

// refresh asks once for all who wait; one that gives up leaves the others.
func (r *repository) refresh(ctx context.Context) error {
	done := r.flight.DoChan("index", func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		return nil, r.ask(own)
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return unavailable(r.address, "was not waited for: %s", context.Cause(ctx))
	}
}

func (r *repository) ask(ctx context.Context) error {
	r.mu.Lock()
	last := r.validators
	if r.index == nil {
		last = validators{}
	}
	r.mu.Unlock()
	r.requests.Add(1)
	address := r.address.JoinPath("index.yaml")
	answer, err := fetch(ctx, r.client, address, last, r.largest)
	if err != nil {
		return err
	}
	if answer.unchanged {
		r.mu.Lock()
		r.askedAt = time.Now()
		r.mu.Unlock()
		return nil
	}
	parsed, err := parseIndex(answer.body)
	if err != nil {
		return unavailable(address, "%s", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index, r.validators, r.askedAt = parsed, answer.validators, time.Now()
	r.generation++
	return nil
}

// forget makes the next pull ask.
func (r *repository) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.askedAt = time.Time{}
}

// archiveAddress is where an entry's archive is; credentials go along only to
// the repository's own host.
func (r *repository) archiveAddress(one *entry) (*url.URL, error) {
	reference, err := url.Parse(one.URLs[0])
	if err != nil {
		return nil, unavailable(r.address, "lists an archive whose address is not a URL")
	}
	base := *r.address
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	address := base.ResolveReference(reference)
	address.User = nil
	if address.Scheme != "http" && address.Scheme != "https" {
		return nil, unavailable(r.address, "lists an archive that is not served over HTTP")
	}
	if address.Scheme == r.address.Scheme && address.Host == r.address.Host {
		address.User = r.address.User
		if address.RawQuery == "" {
			address.RawQuery = r.address.RawQuery
		}
	}
	return address, nil
}
