// Package documents keeps documents of the web: asked for again by their tags,
// once for all who ask at the same time, and served while their source is down.
package documents

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/sync/singleflight"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

const (
	// Limit counts where whoever asks names none.
	Limit = 4 << 20
)

// Documents fetches and keeps.
type Documents struct {
	client *fetch.Client
	shelf  *shelf
	flight singleflight.Group
}

// New keeps documents below a folder; in memory alone where it is empty.
func New(client *fetch.Client, folder string) *Documents {
	return &Documents{client: client, shelf: newShelf(folder)}
}

// Wanted is a document that somebody asks for.
type Wanted struct {
	Address string
	Access  fetch.Access
	// Home is where the access belongs, where that is not the address.
	Home    *url.URL
	Allowed []string
	// Oldest is how old it may be without being asked for again.
	Oldest time.Duration
	// Limit is in bytes; Flag names what raises it.
	Limit int64
	Flag  string
}

// Document is what the web says, or said.
type Document struct {
	Content []byte
	// Stale says why the source could not be asked; nil when it was.
	Stale error
}

// Get gives a document not older than allowed, or an older one with the reason
// why there is no newer. One that its source says is gone is gone.
func (d *Documents) Get(ctx context.Context, want Wanted) (*Document, error) {
	address, err := url.Parse(want.Address)
	if err != nil {
		return nil, failure.New(pb.Failure_INVALID, "the document's address is not a URL")
	}
	want.Access, address = want.Access.At(address)
	if want.Limit <= 0 {
		want.Limit = Limit
	}
	if err := d.client.Allows(address, want.Allowed); err != nil {
		return nil, err
	}
	name := fetch.Keyed([]byte(address.String()), []byte(want.Access.Key()))
	known := d.shelf.get(name)
	if known == nil || known.age() > want.Oldest {
		fresh, err := d.refresh(ctx, address, name, want)
		if err != nil {
			return stale(address, known, err, want)
		}
		known = fresh
	}
	return given(address, known, nil, want)
}

// stale serves what is kept, unless the source says that it should not be.
func stale(address *url.URL, known *page, err error, want Wanted) (*Document, error) {
	if known == nil || fetch.IsGone(err) || !failure.Is(err, pb.Failure_SOURCE_UNAVAILABLE) {
		return nil, err
	}
	return given(address, known, err, want)
}

func given(address *url.URL, known *page, stale error, want Wanted) (*Document, error) {
	if int64(len(known.content)) > want.Limit {
		return nil, fetch.TooLarge(address, want.Limit, want.Flag)
	}
	return &Document{known.content, stale}, nil
}

// refresh asks once for all who wait; one that gives up leaves the others.
func (d *Documents) refresh(ctx context.Context, address *url.URL, name string, want Wanted) (*page, error) {
	together := fmt.Sprintf("%s %d", name, want.Limit)
	return fetch.Together(ctx, &d.flight, together, fetch.Shown(address),
		func(ctx context.Context) (*page, error) { return d.ask(ctx, address, name, want) })
}

func (d *Documents) ask(ctx context.Context, address *url.URL, name string, want Wanted) (*page, error) {
	known := d.shelf.get(name)
	request := fetch.Request{
		Address: address, Access: want.Access, Home: want.Home, Allowed: want.Allowed,
		Limit: want.Limit, Flag: want.Flag,
	}
	if known != nil {
		request.Known = known.validators
	}
	content, answer, err := d.client.Read(ctx, request)
	switch {
	case err != nil:
		return nil, err
	case answer.Unchanged:
		return d.shelf.confirm(name, known), nil
	case fetch.IsPage(content):
		return nil, fetch.Unavailable(address,
			"answered with a web page (HTML), not with a document: does it want to be signed in to?")
	}
	fresh := &page{content: content, validators: answer.Given, asked: time.Now()}
	d.shelf.put(name, fresh)
	return fresh, nil
}
