package charts

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"helmward.dev/engine/internal/fetch"
)

// repository is one address as one access sees it, and its index.
type repository struct {
	address  *url.URL
	access   fetch.Access
	client   *fetch.Client
	requests *atomic.Int64
	largest  int64
	flight   singleflight.Group

	mu         sync.Mutex
	index      *index
	validators fetch.Validators
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

// current gives an index not older than the age allowed, or an older one with
// the reason why there is no newer.
func (r *repository) current(ctx context.Context, oldest time.Duration, allowed []string) (*seen, error) {
	if known := r.known(); known.index != nil && known.age <= oldest {
		return known, nil
	}
	err := r.refresh(ctx, allowed)
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
func (r *repository) refresh(ctx context.Context, allowed []string) error {
	done := r.flight.DoChan("index", func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		return nil, r.ask(own, allowed)
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return fetch.Unavailable(r.address, "was not waited for: %s", context.Cause(ctx))
	}
}

func (r *repository) ask(ctx context.Context, allowed []string) error {
	r.mu.Lock()
	last := r.validators
	if r.index == nil {
		last = fetch.Validators{}
	}
	r.mu.Unlock()
	r.requests.Add(1)
	address := r.address.JoinPath("index.yaml")
	body, answer, err := r.client.Read(ctx, fetch.Request{
		Address: address, Access: r.access, Allowed: allowed, Known: last,
		Limit: r.largest, Flag: "--index-max-size", Accept: "application/yaml, application/json, */*",
	})
	if err != nil {
		return err
	}
	if answer.Unchanged {
		r.mu.Lock()
		r.askedAt = time.Now()
		r.mu.Unlock()
		return nil
	}
	parsed, err := parseIndex(body)
	if err != nil {
		return fetch.Unavailable(address, "%s", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index, r.validators, r.askedAt = parsed, answer.Given, time.Now()
	r.generation++
	return nil
}

// forget makes the next pull ask.
func (r *repository) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.askedAt = time.Time{}
}

// archiveAddress is where an entry's archive is. Credentials go along only to
// the repository's own host: that is for whoever fetches it to see to.
func (r *repository) archiveAddress(one *entry) (*url.URL, error) {
	reference, err := url.Parse(one.URLs[0])
	if err != nil {
		return nil, fetch.Unavailable(r.address, "lists an archive whose address is not a URL")
	}
	base := *r.address
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	address := base.ResolveReference(reference)
	address.User = nil
	if scheme := address.Scheme; scheme != "http" && scheme != "https" && scheme != r.address.Scheme {
		return nil, fetch.Unavailable(r.address, "lists an archive that is not served over HTTP")
	}
	if address.Scheme == r.address.Scheme && address.Host == r.address.Host && address.RawQuery == "" {
		address.RawQuery = r.address.RawQuery
	}
	return address, nil
}
