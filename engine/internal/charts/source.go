package charts

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"golang.org/x/sync/singleflight"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// A chart or version that an index does not list may be new: an index older
// than this is asked for again before the answer is no.
const lookAgainAfter = 10 * time.Second

// Source finds charts and keeps them.
type Source struct {
	IndexRequests atomic.Int64
	Downloads     atomic.Int64

	options Options
	client  *http.Client
	store   *store
	flight  singleflight.Group

	mu           sync.Mutex
	repositories map[string]*repository
	pulled       map[pull]pulled
}

// pull names one version in one repository.
type pull struct{ repository, name, version string }

// pulled is the archive it had when the index was of this generation.
type pulled struct {
	digest     string
	generation int
}

// Found is a chart in the store.
type Found struct {
	Digest string
	Chart  *chart.Chart
	// Stale says why the repository could not be asked; nil when it was.
	Stale error
}

// NewSource knows of nothing but what the folder keeps.
func NewSource(options Options) *Source {
	options = options.withDefaults()
	return &Source{
		options:      options,
		client:       newClient(),
		store:        newStore(options.Folder, options.Size),
		repositories: map[string]*repository{},
		pulled:       map[pull]pulled{},
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
func (s *Source) ForgetIndexes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.repositories {
		one.forget()
	}
}

func (s *Source) repository(address *url.URL) *repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := address.String()
	known, found := s.repositories[key]
	if !found {
		known = &repository{
			address: address, client: s.client, requests: &s.IndexRequests, largest: s.options.LargestIndex,
		}
		s.repositories[key] = known
	}
	return known
}

// Pull finds a version and fetches its archive, unless it is here already.
func (s *Source) Pull(ctx context.Context, address, name, version string, oldest time.Duration) (*Found, error) {
	parsed, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	if name == "" || strings.ContainsAny(name, " \t\n") {
		return nil, failure.New(pb.Failure_INVALID, "the chart's name %q is empty or has spaces", name)
	}
	from := s.repository(parsed)
	index, err := from.current(ctx, oldest)
	if err != nil {
		return nil, err
	}
	chosen, err := index.index.choose(parsed, name, version)
	if failure.Is(err, pb.Failure_CHART_NOT_FOUND) && index.age > lookAgainAfter && index.stale == nil {
		if index, err = from.current(ctx, 0); err != nil {
			return nil, err
		}
		chosen, err = index.index.choose(parsed, name, version)
	}
	if err != nil {
		return nil, err
	}
	return s.take(ctx, from, name, chosen, index)
}

// take gives the chosen archive from the store, else from the repository.
func (s *Source) take(ctx context.Context, from *repository, name string, chosen *entry, index *seen) (*Found, error) {
	key := pull{from.address.String(), name, chosen.Version}
	s.mu.Lock()
	before, known := s.pulled[key]
	s.mu.Unlock()
	listed := normalDigest(chosen.Digest)
	current := known && (listed == before.digest || listed == "" && before.generation == index.generation)
	if current {
		if kept := s.store.get(before.digest); kept != nil {
			return &Found{Digest: before.digest, Chart: kept, Stale: index.stale}, nil
		}
	}
	digest, fetched, err := s.download(ctx, from, name, chosen)
	if err == nil {
		s.mu.Lock()
		s.pulled[key] = pulled{digest, index.generation}
		s.mu.Unlock()
		return &Found{Digest: digest, Chart: fetched, Stale: index.stale}, nil
	}
	if kept := s.store.get(before.digest); known && kept != nil && failure.Is(err, pb.Failure_SOURCE_UNAVAILABLE) {
		return &Found{Digest: before.digest, Chart: kept, Stale: err}, nil
	}
	return nil, err
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
func (s *Source) download(ctx context.Context, from *repository, name string, chosen *entry) (string, *chart.Chart, error) {
	address, err := from.archiveAddress(chosen)
	if err != nil {
		return "", nil, err
	}
	done := s.flight.DoChan(address.String()+" "+chosen.Digest, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		return s.fetchArchive(own, address, name, chosen)
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return "", nil, result.Err
		}
		got := result.Val.(downloaded)
		return got.digest, got.chart, nil
	case <-ctx.Done():
		return "", nil, unavailable(address, "was not waited for: %s", context.Cause(ctx))
	}
}

func (s *Source) fetchArchive(ctx context.Context, address *url.URL, name string, chosen *entry) (any, error) {
	s.Downloads.Add(1)
	answer, err := fetch(ctx, s.client, address, validators{}, s.options.LargestChart)
	if err != nil {
		return nil, err
	}
	if listed := normalDigest(chosen.Digest); listed != "" && listed != digestOf(answer.body) {
		return nil, unavailable(address, "is not what the index lists: its digest is %s, not %s",
			digestOf(answer.body), listed)
	}
	digest, parsed, err := s.store.put(answer.body)
	if err != nil {
		var known *failure.Failure
		if errors.As(err, &known) {
			err = failure.New(known.Kind, "%s: %w", shown(address), known)
		}
		return nil, err
	}
	if parsed.Name() != name {
		return nil, failure.New(pb.Failure_CHART_INVALID, "%s holds chart %q, not %q",
			shown(address), parsed.Name(), name)
	}
	return downloaded{digest, parsed}, nil
}
