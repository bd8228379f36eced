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

	"helmward.dev/engine/internal/documents"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// A chart or version that an index does not list may be new: an index older
// than this is asked for again before the answer is no.
const lookAgainAfter = 10 * time.Second

// A download lasts no longer than this, whoever waits for it.
// Source finds charts and keeps them.
type Source struct {
	IndexRequests atomic.Int64
	Downloads     atomic.Int64

	options   Options
	client    *fetch.Client
	documents *documents.Documents
	store     *store
	flight    singleflight.Group
	packing   singleflight.Group
	packed    *packedKeys

	registries *registries
	listings   *listings
	resolved   *resolved
}

// Found is a chart in the store.
type Found struct {
	Digest string
	Chart  *chart.Chart
	// Stale says why the repository could not be asked; nil when it was.
	Stale error
	// Age is how long ago the source was asked, where it was not asked just now.
	Age time.Duration
	// SignedBy is who has signed it, where that was asked for.
	SignedBy string

	// packed are the archive's bytes where it was fetched just now.
	packed []byte
}

// NewSource knows of nothing but what the folder keeps.
func NewSource(options Options) *Source {
	options = options.withDefaults()
	if options.Folder != "" {
		_ = fetch.KeepKeys(options.Folder) // Else what is kept for credentials is fetched anew.
	}
	client := fetch.New(fetch.Options{RefuseLocal: options.RefuseLocal, Plugins: options.Plugins})
	kept := newDisk(options.Folder, options.Size)
	return &Source{
		options:    options,
		client:     client,
		documents:  documents.New(client, options.Folder),
		store:      newStore(kept),
		listings:   newListings(kept),
		registries: newRegistries(client),
		resolved:   newResolved(kept),
		packed:     newPackedKeys(kept),
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

// Documents are those of the web that are no charts.
func (s *Source) Documents() *documents.Documents { return s.documents }

// Kept is how many parsed charts are in memory.
func (s *Source) Kept() int { return s.store.count() }

// ForgetIndexes makes the next pulls ask their repositories.
func (s *Source) ForgetIndexes() {
	s.listings.forget()
	s.registries.forget()
	s.resolved.forget()
}

// Pull finds a version and fetches its archive, unless it is here already.
func (s *Source) Pull(ctx context.Context, want Wanted) (*Found, error) {
	address, place, err := placeOf(want.Repository)
	if err != nil {
		return nil, err
	}
	want.Access, address = want.Access.At(address)
	switch place {
	case anArchive:
		return s.fromArchive(ctx, address, want)
	case aRegistry:
		return s.fromRegistry(ctx, address, want)
	default:
		return s.fromRepository(ctx, address, want)
	}
}

func (s *Source) fromRepository(ctx context.Context, address *url.URL, want Wanted) (*Found, error) {
	if want.Name == "" || strings.ContainsAny(want.Name, " \t\n") {
		return nil, failure.New(pb.Failure_INVALID, "the chart's name %q is empty or has spaces", want.Name)
	}
	if err := s.client.Allows(address, want.Allowed); err != nil {
		return nil, err
	}
	from := s.repository(address, want.Access)
	chosen, index, err := s.choose(ctx, from, want)
	if err != nil {
		return s.withoutIndex(from.asks(want, want.Version), want, err)
	}
	found, err := s.take(ctx, from, want, chosen, index)
	if err == nil && found.Stale == nil {
		found.Age = index.age
		s.resolved.keep(from.asks(want, want.Version),
			resolution{Digest: found.Digest, Of: index.index.Content, At: time.Now()})
	}
	return found, err
}

// choose finds the version in the index. Before the answer is no, we look what
// others have fetched since, and an old index is asked for again.
func (s *Source) choose(ctx context.Context, from *repository, want Wanted) (*entry, *seen, error) {
	index, err := from.current(ctx, want.Oldest, want.Allowed)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := from.choose(index, want)
	if failure.Is(err, pb.Failure_CHART_NOT_FOUND) {
		if newer := from.listing.known(0); newer.index != index.index {
			index = newer
			chosen, err = from.choose(index, want)
		}
	}
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

// before is what the same was found to be earlier, where the source is to blame
// that it cannot be found out now; else nil.
func (s *Source) before(what asked, err error) *Found {
	if !isDown(err) {
		return nil
	}
	if before, known := s.resolved.get(what); known {
		if kept := s.store.get(before.Digest); kept != nil {
			return &Found{Digest: before.Digest, Chart: kept, Stale: err}
		}
	}
	return nil
}

// withoutIndex serves what was asked for before in the same words. Who has signed
// it must be known: where its signature lies, only the index tells.
func (s *Source) withoutIndex(what asked, want Wanted, err error) (*Found, error) {
	found := s.before(what, err)
	if found == nil {
		return nil, err
	}
	if want.Verify.Provider != "" {
		by, known := s.knownSigner(want, found.Digest)
		if !known {
			return nil, err
		}
		found.SignedBy = by
	}
	return found, nil
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
			return s.checked(ctx, from, want, chosen, &Found{Digest: before.Digest, Chart: kept, Stale: index.stale})
		}
	}
	found, err := s.download(ctx, from, want, chosen)
	if err == nil {
		s.resolved.keep(what, resolution{Digest: found.Digest, Of: content, At: time.Now()})
		found.Stale = index.stale
	} else if found = s.before(what, err); found == nil {
		return nil, err
	}
	return s.checked(ctx, from, want, chosen, found)
}

func normalDigest(listed string) string {
	if listed == "" || strings.HasPrefix(listed, "sha256:") {
		return listed
	}
	return "sha256:" + listed
}

// download fetches an archive once for all who wait for it.
func (s *Source) download(ctx context.Context, from *repository, want Wanted, chosen *entry) (*Found, error) {
	address, err := from.archiveAddress(chosen)
	if err != nil {
		return nil, err
	}
	key := address.String() + " " + from.id + " " + chosen.Digest
	return s.together(ctx, key, address, func(ctx context.Context) (*Found, error) {
		return s.fetchArchive(ctx, from, address, want, chosen)
	})
}

// together gives each of those who wait a finding of his own.
func (s *Source) together(
	ctx context.Context, key string, address *url.URL, find func(context.Context) (*Found, error),
) (*Found, error) {
	found, err := fetch.Together(ctx, &s.flight, key, fetch.Shown(address), find)
	if err != nil {
		return nil, err
	}
	own := *found
	return &own, nil
}

func (s *Source) fetchArchive(
	ctx context.Context, from *repository, address *url.URL, want Wanted, chosen *entry,
) (*Found, error) {
	s.Downloads.Add(1)
	body, _, err := s.client.Read(ctx, s.archiveRequest(address, from.address, want))
	if err != nil {
		return nil, err
	}
	if listed := normalDigest(chosen.Digest); listed != "" && listed != digestOf(body) && !fetch.IsPage(body) {
		return nil, fetch.Unavailable(address, "is not what the index lists: its digest is %s, not %s",
			digestOf(body), listed)
	}
	found, err := s.keep(address, body)
	if err != nil {
		return nil, err
	}
	if found.Chart.Name() != want.Name {
		return nil, failure.New(pb.Failure_CHART_INVALID, "%s holds chart %q, not %q",
			fetch.Shown(address), found.Chart.Name(), want.Name)
	}
	return found, nil
}
