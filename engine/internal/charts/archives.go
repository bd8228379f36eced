package charts

import (
	"context"
	"net/url"
	"path"
	"time"

	"github.com/Masterminds/semver/v3"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// fromArchive fetches an archive by its own address. Name and version have to
// fit only where they are given.
func (s *Source) fromArchive(ctx context.Context, address *url.URL, want Wanted) (*Found, error) {
	if err := s.client.Allows(address, want.Allowed); err != nil {
		return nil, err
	}
	key := fetch.Keyed([]byte(address.String()), []byte(want.Access.Key()))
	known, _ := s.resolved.get(archiveAt(key))
	kept := s.store.get(known.Digest)
	found := &Found{Digest: known.Digest, Chart: kept}
	if found.Age = s.resolved.age(known); kept == nil || found.Age > want.Oldest {
		fresh, err := s.askArchive(ctx, address, key, want, known)
		switch {
		case err == nil:
			found = fresh
		case kept == nil || fetch.IsGone(err) || !failure.Is(err, pb.Failure_SOURCE_UNAVAILABLE):
			return nil, err
		default:
			found.Stale = err
		}
	}
	if err := fits(found.Chart, address, want); err != nil {
		return nil, err
	}
	signedBy, err := s.signedBy(ctx, want, address, address, found)
	if err != nil {
		return nil, err
	}
	found.SignedBy = signedBy
	return found, nil
}

// askArchive fetches once for all who wait for it.
func (s *Source) askArchive(
	ctx context.Context, address *url.URL, key string, want Wanted, known resolution,
) (*Found, error) {
	return s.together(ctx, "archive "+key, address, func(ctx context.Context) (*Found, error) {
		return s.fetchByAddress(ctx, address, key, want, known)
	})
}

func (s *Source) fetchByAddress(
	ctx context.Context, address *url.URL, key string, want Wanted, known resolution,
) (*Found, error) {
	kept := s.store.get(known.Digest)
	request := s.archiveRequest(address, address, want)
	if kept != nil {
		request.Known = fetch.Validators{ETag: known.ETag, Modified: known.Modified}
	}
	s.Downloads.Add(1)
	body, answer, err := s.client.Read(ctx, request)
	if err != nil {
		return nil, err
	}
	found := &Found{Digest: known.Digest, Chart: kept}
	if !answer.Unchanged {
		if found, err = s.keep(address, body); err != nil {
			return nil, err
		}
	}
	s.resolved.keep(archiveAt(key), resolution{
		Digest: found.Digest, At: time.Now(), ETag: answer.Given.ETag, Modified: answer.Given.Modified,
	})
	return found, nil
}

// archiveAt names an archive by its own address and access.
func archiveAt(key string) asked { return asked{repository: "archive", access: key} }

func (s *Source) archiveRequest(address, home *url.URL, want Wanted) fetch.Request {
	return fetch.Request{
		Address: address, Access: want.Access, Home: home, Allowed: want.Allowed,
		Limit: s.options.LargestChart, Flag: "--chart-max-size", Raw: true,
	}
}

// keep puts an archive into the store; what is wrong with it is said of its
// address.
func (s *Source) keep(address *url.URL, body []byte) (*Found, error) {
	if fetch.IsPage(body) {
		return nil, fetch.Unavailable(address,
			"answered with a web page (HTML), not with a chart: does it want to be signed in to?")
	}
	digest, parsed, err := s.store.put(body)
	if err != nil {
		return nil, about(address, err)
	}
	return &Found{Digest: digest, Chart: parsed, packed: body}, nil
}

// fits compares what an archive holds with what is asked for.
func fits(found *chart.Chart, address *url.URL, want Wanted) error {
	if want.Name != "" && found.Name() != want.Name {
		return failure.New(pb.Failure_CHART_INVALID, "%s holds chart %q, not %q",
			fetch.Shown(address), found.Name(), want.Name)
	}
	version := found.Metadata.Version
	if want.Version == "" || want.Version == version {
		return nil
	}
	constraint, err := semver.NewConstraint(want.Version)
	if err != nil {
		return failure.New(pb.Failure_INVALID, "chart version %q is neither a version nor a range", want.Version)
	}
	if parsed, err := semver.NewVersion(version); err != nil || !constraint.Check(parsed) {
		return failure.New(pb.Failure_CHART_NOT_FOUND, "%s holds version %s, not %s",
			fetch.Shown(address), version, want.Version)
	}
	return nil
}

// fileName is what a provenance file calls the archive.
func fileName(address *url.URL) string { return path.Base(address.Path) }
