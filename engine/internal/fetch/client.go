// Package fetch is whatever asks the web: with the credentials of a source, no
// further than egress allows, and no longer and no larger than agreed.
package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	overall      = 2 * time.Minute
	mostHops     = 10
	userAgent    = "helmward-engine"
	identity     = "identity"
	slowest      = 1 << 10
	slowestAfter = 20 * time.Second
)

// Options hold for all requests.
type Options struct {
	// RefuseLocal refuses addresses of this very machine.
	RefuseLocal bool
	// Plugins is a folder of Helm plugins, of which the downloaders are used.
	Plugins string
}

// pace is the least that has to come in each window of time.
type pace struct {
	window time.Duration
	least  int64
}

// Client asks; it is made once.
type Client struct {
	options    Options
	overall    time.Duration
	pace       pace
	transports *transports
	waits      *waits
}

// New makes a client that has asked nobody yet.
func New(options Options) *Client {
	return &Client{
		options:    options,
		overall:    overall,
		pace:       pace{slowestAfter, slowest},
		transports: newTransports(),
		waits:      newWaits(),
	}
}

// Validators are what a server gave to ask again cheaply.
type Validators struct{ ETag, Modified string }

// Request is one document to be fetched.
type Request struct {
	Address *url.URL
	Access  Access
	// Home is the address that the access was given for, where it is another:
	// credentials go to its scheme, host and port alone.
	Home *url.URL
	// Allowed are prefixes of URLs; none allows all.
	Allowed []string
	Known   Validators
	// Limit is in bytes, as they are read; Flag names what raises it.
	Limit  int64
	Flag   string
	Accept string
	// Raw takes the bytes as they lie there: an archive is packed already, and
	// some servers call that an encoding of the transfer.
	Raw bool
}

// Answer is a document on its way.
type Answer struct {
	// Body enforces the limits; its errors are failures. Nil where unchanged.
	Body      io.ReadCloser
	Given     Validators
	Unchanged bool
	// From is where redirects have led.
	From *url.URL
}

// Open asks for a document. Errors are failures that name the address without
// whatever could be a credential in it.
func (c *Client) Open(ctx context.Context, r Request) (*Answer, error) {
	r.Access, r.Address = r.Access.At(r.Address)
	if r.Home == nil {
		r.Home = r.Address
	}
	r.Access = r.Access.loggedIn(r.Home)
	if scheme := r.Address.Scheme; scheme != "http" && scheme != "https" {
		return c.openOther(ctx, r)
	}
	if r.Address.Host == "" {
		return nil, failure.New(pb.Failure_INVALID, "the address %q names no host", Shown(r.Address))
	}
	client, err := c.client(r)
	if err != nil {
		return nil, err
	}
	limited, stop := context.WithTimeout(ctx, c.overall)
	own, cancel := context.WithCancelCause(limited)
	end := func(cause error) { cancel(cause); stop() }
	response, err := c.send(own, client, r)
	if err != nil {
		end(nil)
		return nil, err
	}
	answer, err := c.read(own, end, r, response)
	if err != nil || answer.Body == nil {
		end(nil)
		_ = response.Body.Close()
	}
	return answer, err
}

func (c *Client) send(ctx context.Context, client *http.Client, r Request) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Address.String(), http.NoBody)
	if err != nil {
		return nil, failure.New(pb.Failure_INVALID, "%s is not a usable address", Shown(r.Address))
	}
	set := func(name, value string) {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	set("User-Agent", userAgent)
	set("Accept", r.Accept)
	set("If-None-Match", r.Known.ETag)
	set("If-Modified-Since", r.Known.Modified)
	if r.Raw {
		set("Accept-Encoding", identity)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, c.failed(ctx, r.Address, err)
	}
	return response, nil
}

func (c *Client) read(
	ctx context.Context, end context.CancelCauseFunc, r Request, response *http.Response,
) (*Answer, error) {
	answer := &Answer{From: response.Request.URL}
	switch {
	case response.StatusCode == http.StatusNotModified && r.Known != Validators{}:
		answer.Unchanged, answer.Given = true, r.Known
		return answer, nil
	case response.StatusCode != http.StatusOK:
		return nil, c.status(r, response)
	case r.Limit > 0 && response.ContentLength > r.Limit:
		return nil, TooLarge(r.Address, r.Limit, r.Flag)
	}
	answer.Given = Validators{response.Header.Get("ETag"), response.Header.Get("Last-Modified")}
	answer.Body = newBody(ctx, end, r, response.Body, c.pace)
	return answer, nil
}

// Read is Open with the whole body.
func (c *Client) Read(ctx context.Context, r Request) ([]byte, *Answer, error) {
	answer, err := c.Open(ctx, r)
	if err != nil || answer.Unchanged {
		return nil, answer, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, nil, err
	}
	return content, answer, nil
}

func size(bytes int64) string {
	switch {
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes >= 1<<10 && bytes%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", bytes>>10)
	default:
		return fmt.Sprintf("%d bytes", bytes)
	}
}
