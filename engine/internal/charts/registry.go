package charts

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
	"helmward.dev/engine/internal/oci"
	"helmward.dev/engine/internal/signature"
)

// inRegistry is one place in a registry, as somebody asks for it.
type inRegistry struct {
	*oci.Repository
	want Wanted
	what asked
}

// pinned is how it is known by its manifest's digest.
func (i *inRegistry) pinned(manifest string) asked {
	pinned := i.what
	pinned.version = manifest
	return pinned
}

// fromRegistry finds a chart below the address, or at it where the address
// ends with the chart's name.
func (s *Source) fromRegistry(ctx context.Context, address *url.URL, want Wanted) (*Found, error) {
	if err := checkOCI(want); err != nil {
		return nil, err
	}
	var refused error
	places := placesIn(address, want.Name)
	for _, place := range places {
		found, err := s.fromPlace(ctx, place, want)
		switch {
		case errors.Is(err, oci.ErrDenied) && refused == nil:
			refused = err
		case errors.Is(err, oci.ErrDenied), errors.Is(err, oci.ErrAbsent):
		default:
			return found, err
		}
	}
	if refused != nil {
		return nil, refused
	}
	return nil, absent(places, want)
}

func checkOCI(want Wanted) error {
	if want.Name == "" || strings.ContainsAny(want.Name, " \t\n/:@") {
		return failure.New(pb.Failure_INVALID, "the chart's name %q is empty or has what no name has", want.Name)
	}
	if want.Verify.Provider != "" {
		if err := signature.Known(want.Verify.Provider); err != nil {
			return err
		}
	}
	return checkVersion(want.Version)
}

func placesIn(address *url.URL, name string) []*url.URL {
	bare := *address
	bare.RawQuery, bare.Fragment = "", ""
	bare.Path = strings.TrimSuffix(bare.Path, "/")
	places := []*url.URL{bare.JoinPath(name)}
	if path.Base(bare.Path) == name {
		places = append(places, &bare)
	}
	return places
}

func absent(places []*url.URL, want Wanted) error {
	where := make([]string, 0, len(places))
	for _, place := range places {
		shown := fetch.Shown(place)
		if isDigest(want.Version) {
			shown += "@" + want.Version
		}
		where = append(where, shown)
	}
	return failure.New(pb.Failure_CHART_NOT_FOUND, "no chart %q in its registry: there is nothing at %s",
		want.Name, strings.Join(where, ", nor at "))
}

// fromPlace gives what the place has; what was fetched before where it cannot
// be asked.
func (s *Source) fromPlace(ctx context.Context, place *url.URL, want Wanted) (*Found, error) {
	repository, err := s.registries.client.At(place, want.Access, want.Allowed)
	if err != nil {
		return nil, err
	}
	in := &inRegistry{repository, want, asked{place.String(), want.Access.Key(), want.Name, want.Version}}
	found, manifest := s.keptOf(in.what)
	age, asked := s.registries.age(in.what)
	if found != nil && asked {
		found.Age = age
	}
	if found == nil || !isDigest(want.Version) && (!asked || age > want.Oldest) {
		fresh, at, err := s.askPlace(ctx, in)
		switch {
		case err == nil:
			found, manifest = fresh, at
		case found == nil || !isDown(err):
			return nil, err
		default:
			found.Stale = err
		}
	}
	if err := s.checkSigner(ctx, in, found, manifest); err != nil {
		return nil, err
	}
	return found, nil
}

// keptOf is what was found last, and the digest of its manifest; nil where it
// is not here any more.
func (s *Source) keptOf(what asked) (*Found, string) {
	before, known := s.resolved.get(what)
	if !known {
		return nil, ""
	}
	kept := s.store.get(before.Digest)
	if kept == nil {
		return nil, ""
	}
	return &Found{Digest: before.Digest, Chart: kept}, before.Of
}

// placed is what was found, and the digest of its manifest.
type placed struct {
	found    Found
	manifest string
}

// askPlace asks once for all who wait for it.
func (s *Source) askPlace(ctx context.Context, in *inRegistry) (*Found, string, error) {
	what := in.what
	key := strings.Join([]string{"oci", what.repository, what.access, what.version}, " ")
	got, err := fetch.Together(ctx, &s.flight, key, in.Address(), func(ctx context.Context) (placed, error) {
		return s.findInPlace(ctx, in)
	})
	return &got.found, got.manifest, err
}

func (s *Source) findInPlace(ctx context.Context, in *inRegistry) (placed, error) {
	manifest, err := s.pointed(ctx, in)
	if err != nil {
		return placed{}, err
	}
	found, _ := s.keptOf(in.pinned(manifest))
	if found == nil {
		if found, err = s.fromManifest(ctx, in, manifest); err != nil {
			return placed{}, err
		}
	}
	for _, what := range []asked{in.what, in.pinned(manifest)} {
		s.resolved.keep(what, resolution{Digest: found.Digest, Of: manifest, At: time.Now()})
	}
	s.registries.note(in.what)
	return placed{*found, manifest}, nil
}

// fromManifest fetches the archive of a manifest. That somebody else has the
// same archive here already counts for nothing: whoever asks has to be given it.
func (s *Source) fromManifest(ctx context.Context, in *inRegistry, digest string) (*Found, error) {
	manifest, err := in.Chart(ctx, digest)
	if err != nil {
		return nil, err
	}
	s.Downloads.Add(1)
	archive, err := in.Blob(ctx, manifest.Chart, s.options.LargestChart, "--chart-max-size")
	if errors.Is(err, oci.ErrAbsent) {
		return nil, failure.New(pb.Failure_SOURCE_UNAVAILABLE, "%s lists a chart that it does not have: %s",
			in.Address(), manifest.Chart.Digest)
	}
	if err != nil {
		return nil, err
	}
	stored, parsed, err := s.store.put(archive)
	if err != nil {
		return nil, in.about(err)
	}
	if parsed.Name() != in.want.Name {
		return nil, failure.New(pb.Failure_CHART_INVALID, "%s holds chart %q, not %q",
			in.Address(), parsed.Name(), in.want.Name)
	}
	return &Found{Digest: stored, Chart: parsed, packed: archive}, nil
}

// about says of which place an error is.
func (i *inRegistry) about(err error) error {
	var known *failure.Failure
	if errors.As(err, &known) {
		return failure.New(known.Kind, "%s: %w", i.Address(), known)
	}
	return err
}
