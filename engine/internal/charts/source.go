package charts

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"golang.org/x/sync/singleflight"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// A chart or version that an index does not list may be new: an index older
// than this is asked for again before the answer is no.
const lookAgainAfter = 10 * time.Second

// A download lasts no longer than this, whoever waits for it.
const fetchTimeout = 2 * time.Minute

// Source finds charts and keeps them.
type Source struct {
	IndexRequests atomic.Int64
	Downloads     atomic.Int64

	options Options
	client  *fetch.Client
	store   *store
	flight  singleflight.Group

	listings *listings
	resolved *resolved
}

// Found is a chart in the store.
type Found struct {
	Digest string
	Chart  *chart.Chart
	// Stale says why the repository could not be asked; nil when it was.
	Stale error
	// SignedBy is who has signed it, where that was asked for.
	SignedBy string
}

// NewSource knows of nothing but what the folder keeps.
func NewSource(options Options) *Source {
	options = options.withDefaults()
	kept := newDisk(options.Folder, options.Size)
	return &Source{
		options:  options,
		client:   fetch.New(fetch.Options{RefuseLocal: options.RefuseLocal, Plugins: options.Plugins}),
		store:    newStore(kept),
		listings: newListings(kept),
		resolved: newResolved(kept),
	}
}

// Get gives a chart of one's own by its digest, or nil.
func (s *Source) Get(digest string) *chart.Chart {
	shared := s.store.get(digest)
	if shared == nil {
		return nil
	}
	return clone(shared)
}

// Kept is how many parsed charts are in memory.
func (s *Source) Kept() int { return s.store.count() }

// ForgetIndexes makes the next pulls ask their repositories.
func (s *Source) ForgetIndexes() { s.listings.forget() }

// Pull finds a version and fetches its archive, unless it is here already.
func (s *Source) Pull(ctx context.Context, want Wanted) (*Found, error) {
	address, place, err := placeOf(want.Repository)
	if err != nil {
		return nil, err
	}
	want.Access, address = want.Access.At(address)
	switch place {
	case aRepository:
		return s.fromRepository(ctx, address, want)
	default:
		return nil, failure.New(pb.Failure_INVALID, "%s cannot be read yet", fetch.Shown(address))
	}
}

func (s *Source) fromRepository(ctx context.Context, address *url.URL, want Wanted) (*Found, error) {
	if want.Name == "" || strings.ContainsAny(want.Name, " \t\n") {
		return nil, failure.New(pb.Failure_INVALID, "the chart's name %q is empty or has spaces", want.Name)
	}
	from := s.repository(address, want.Access)
	chosen, index, err := s.choose(ctx, from, want)
	if err != nil {
		return s.keptInstead(from.asks(want, want.Version), err)
	}
	found, err := s.take(ctx, from, want, chosen, index)
	if err == nil && index.stale == nil {
		s.resolved.keep(from.asks(want, want.Version), resolution{found.Digest, index.index.Content, time.Now()})
	}
	return found, err
}

// choose finds the version in the index; an old index is asked for again before
// the answer is no.
func (s *Source) choose(ctx context.Context, from *repository, want Wanted) (*entry, *seen, error) {
	index, err := from.current(ctx, want.Oldest, want.Allowed)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := from.choose(index, want)
	damaged := errors.Is(err, errDamaged)
	if damaged {
		from.listing.lose()
	}
	if damaged || failure.Is(err, pb.Failure_CHART_NOT_FOUND) && index.age > lookAgainAfter && index.stale == nil {
		if index, err = from.current(ctx, 0, want.Allowed); err != nil {
			return nil, nil, err
		}
		chosen, err = from.choose(index, want)
	}
	return chosen, index, err
}

// keptInstead is what the same was before, where the source is to blame that it
// cannot be found out now.
func (s *Source) keptInstead(what asked, err error) (*Found, error) {
	if !isDown(err) {
		return nil, err
	}
	if before, known := s.resolved.get(what); known {
		if kept := s.store.get(before.Digest); kept != nil {
			return &Found{Digest: before.Digest, Chart: kept, Stale: err}, nil
		}
	}
	return nil, err
}

func isDown(err error) bool {
	return failure.Is(err, pb.Failure_SOURCE_UNAVAILABLE) || failure.Is(err, pb.Failure_TOO_LARGE)
}

// take gives the chosen archive from the store, else from the repository.
func (s *Source) take(ctx context.Context, from *repository, want Wanted, chosen *entry, index *seen) (*Found, error) {
	what := from.asks(want, chosen.Version)
	before, known := s.resolved.get(what)
	listed, content := normalDigest(chosen.Digest), index.index.Content
	if known && (listed == before.Digest || listed == "" && before.Of == content) {
		if kept := s.store.get(before.Digest); kept != nil {
			return &Found{Digest: before.Digest, Chart: kept, Stale: index.stale}, nil
		}
	}
	digest, fetched, err := s.download(ctx, from, want, chosen)
	if err != nil {
		return s.keptInstead(what, err)
	}
	s.resolved.keep(what, resolution{digest, content, time.Now()})
	return &Found{Digest: digest, Chart: fetched, Stale: index.stale}, nil
}

func normalDigest(listed string) string {
	if listed == "" || strings.HasPrefix(listed, "sha256:") {
		return listed
	}
	return "sha256:" + listed
}

type downloaded struct {
	digest string
	chart  *chart.Chart
}

// download fetches an archive once for all who wait for it.
func (s *Source) download(ctx context.Context, from *repository, want Wanted, chosen *entry) (string, *chart.Chart, error) {
	address, err := from.archiveAddress(chosen)
	if err != nil {
		return "", nil, err
	}
	done := s.flight.DoChan(address.String()+" "+from.id+" "+chosen.Digest, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		return s.fetchArchive(own, from, address, want, chosen)
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return "", nil, result.Err
		}
		got := result.Val.(downloaded)
		return got.digest, got.chart, nil
	case <-ctx.Done():
		return "", nil, fetch.Unavailable(address, "was not waited for: %s", context.Cause(ctx))
	}
}

func (s *Source) fetchArchive(
	ctx context.Context, from *repository, address *url.URL, want Wanted, chosen *entry,
) (any, error) {
	s.Downloads.Add(1)
	body, _, err := s.client.Read(ctx, fetch.Request{
		Address: address, Access: from.access, Home: from.address, Allowed: want.Allowed,
		Limit: s.options.LargestChart, Flag: "--chart-max-size", Raw: true,
	})
	if err != nil {
		return nil, err
	}
	if listed := normalDigest(chosen.Digest); listed != "" && listed != digestOf(body) {
		return nil, fetch.Unavailable(address, "is not what the index lists: its digest is %s, not %s",
			digestOf(body), listed)
	}
	digest, parsed, err := s.store.put(body)
	if err != nil {
		var known *failure.Failure
		if errors.As(err, &known) {
			err = failure.New(known.Kind, "%s: %w", fetch.Shown(address), known)
		}
		return nil, err
	}
	if parsed.Name() != want.Name {
		return nil, failure.New(pb.Failure_CHART_INVALID, "%s holds chart %q, not %q",
			fetch.Shown(address), parsed.Name(), want.Name)
	}
	return downloaded{digest, parsed}, nil
}
