package charts

import (
	"context"
	"errors"
	"io"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
	"helmward.dev/engine/internal/index"
)

// largeIndex is from which size on reading one leaves memory behind that is
// worth giving back at once.
const largeIndex = 4 << 20

// errDamaged is of an index whose file is not what was written.
var errDamaged = index.ErrBroken

// entry is a version that an index lists.
type entry = index.Entry

// repository is one address as one access sees it. What is known of it is
// shared by all who spell the address in another way.
type repository struct {
	address *url.URL
	access  fetch.Access
	// id names the access, name the address without its spelling.
	id, name string
	listing  *listing
	client   *fetch.Client
	requests *atomic.Int64
	largest  int64
}

// current gives an index not older than the age allowed, or an older one with
// the reason why there is no newer.
func (r *repository) current(ctx context.Context, oldest time.Duration, allowed []string) (*seen, error) {
	if known := r.listing.known(oldest); known.index != nil && known.age <= oldest {
		return known, nil
	}
	err := r.refresh(ctx, allowed)
	known := r.listing.known(0)
	if err == nil {
		return known, nil
	}
	if known.index == nil || !isDown(err) {
		return nil, err
	}
	known.stale = err
	return known, nil
}

// refresh asks once for all who wait; one that gives up leaves the others.
func (r *repository) refresh(ctx context.Context, allowed []string) error {
	_, err := fetch.Together(ctx, &r.listing.flight, "index", fetch.Shown(r.address),
		func(ctx context.Context) (struct{}, error) { return struct{}{}, r.ask(ctx, allowed) })
	return err
}

func (r *repository) ask(ctx context.Context, allowed []string) error {
	known := r.listing.known(0)
	r.requests.Add(1)
	address := r.address.JoinPath("index.yaml")
	request := fetch.Request{
		Address: address, Access: r.access, Allowed: allowed,
		Limit: r.largest, Flag: "--index-max-size", Accept: "application/yaml, application/json, */*",
	}
	if known.index != nil {
		request.Known = fetch.Validators(known.index.About)
	}
	answer, err := r.client.Open(ctx, request)
	if err != nil {
		return err
	}
	if answer.Unchanged {
		r.listing.unchanged()
		return nil
	}
	defer answer.Body.Close()
	counted := &counter{from: answer.Body}
	read, err := index.Read(counted, index.About(answer.Given), r.listing.folder(), r.listing.path)
	if counted.bytes >= largeIndex {
		debug.FreeOSMemory()
	}
	if err != nil {
		var known *failure.Failure
		if errors.As(err, &known) {
			return err
		}
		return fetch.Unavailable(address, "%s", err)
	}
	r.listing.replaced(read)
	return nil
}

// asks names a version of a chart in this repository.
func (r *repository) asks(want Wanted, version string) asked {
	return asked{r.name, r.id, want.Name, version}
}

func (r *repository) choose(from *seen, want Wanted) (*entry, error) {
	return from.index.Choose(fetch.Shown(r.address), want.Name, want.Version)
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

// counter counts what is read.
type counter struct {
	from  io.Reader
	bytes int64
}

func (c *counter) Read(into []byte) (int, error) {
	read, err := c.from.Read(into)
	c.bytes += int64(read)
	return read, err
}
