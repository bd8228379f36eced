package charts

import (
	"context"
	"slices"
	"strings"
	"time"

	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// Packing is a chart that lies in a folder, and what its dependencies need.
type Packing struct {
	// Key names what is in the folder, skipping and access counted in.
	Key string
	// Folder is what nothing is read outside of; empty: only look.
	Folder string
	// Path is the chart's folder below it.
	Path             string
	SkipDependencies bool
	Repositories     []Repository
	// Allowed are prefixes of URLs that may be asked; none allows all.
	Allowed []string
	// Oldest is how old what is known of the dependencies' versions may be.
	Oldest time.Duration
}

// Repository is one that is known by name, with what it wants to see of us.
type Repository struct {
	Name, URL string
	Access    fetch.Access
}

// Pack keeps a chart that lies in a folder. What was packed under the key
// before is given again, without a look at the folder: its dependencies do not
// move on by themselves.
func (s *Source) Pack(ctx context.Context, of Packing) (*Found, error) {
	if of.Key == "" {
		return nil, failure.New(pb.Failure_INVALID, "key is required: it names what is in the folder")
	}
	if found := s.packedBefore(of.Key); found != nil {
		return found, nil
	}
	if of.Folder == "" {
		return nil, failure.New(pb.Failure_CHART_UNKNOWN, "no chart was packed under this key, or it is gone")
	}
	found, ours, err := s.packOnce(ctx, of)
	if err != nil && !ours && ctx.Err() == nil {
		// He whom we waited for had a folder and a deadline of his own.
		found, _, err = s.packOnce(ctx, of)
	}
	return found, err
}

// packOnce packs once for all who ask under the same key at the same time.
func (s *Source) packOnce(ctx context.Context, of Packing) (*Found, bool, error) {
	ours := make(chan struct{}, 1)
	done := s.packing.DoChan(of.Key, func() (any, error) {
		ours <- struct{}{}
		return s.pack(ctx, of)
	})
	select {
	case result := <-done:
		mine := len(ours) > 0
		if result.Err != nil {
			return nil, mine, result.Err
		}
		return result.Val.(*Found), mine, nil
	case <-ctx.Done():
		return nil, true, context.Cause(ctx)
	}
}

func (s *Source) pack(ctx context.Context, of Packing) (*Found, error) {
	folder, err := openFolder(of.Folder)
	if err != nil {
		return nil, err
	}
	defer folder.close()
	p := &packer{source: s, of: of, folder: folder}
	files, err := p.chart(ctx, of.Path, nil)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b *buffered.BufferedFile) int { return strings.Compare(a.Name, b.Name) })
	packed, err := archived(files)
	if err != nil {
		return nil, err
	}
	// Read back, it is the same now and after a restart.
	parsed, _, err := parse(packed)
	if err != nil {
		return nil, err
	}
	if err := p.installable(parsed); err != nil {
		return nil, err
	}
	digest := treeOf(parsed)
	s.store.keep(digest, packed, parsed)
	s.packed.note(of.Key, digest)
	return &Found{Digest: digest, Chart: parsed, Stale: p.stale}, nil
}

func (s *Source) packedBefore(key string) *Found {
	digest := s.packed.digest(key)
	if digest == "" {
		return nil
	}
	if kept := s.store.get(digest); kept != nil {
		return &Found{Digest: digest, Chart: kept}
	}
	return nil
}
