package charts

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/oci"
	"helmward.dev/engine/internal/signature"
)

// checkSigner refuses a chart that is not signed as is wanted, and says by whom
// it is. What has passed is remembered for the very bytes and the very keys,
// also over a restart: another digest, or another key, is checked anew.
func (s *Source) checkSigner(ctx context.Context, in *inRegistry, found *Found, manifest string) error {
	verify := in.want.Verify
	if verify.Provider == "" {
		return nil
	}
	what := asked{
		repository: "signed", access: signature.Fingerprint(verify.Provider, verify.Keys),
		name: in.want.Name, version: manifest,
	}
	if passed, known := s.resolved.get(what); known && passed.Digest == found.Digest {
		found.SignedBy = passed.Of
		return nil
	}
	by, err := s.signerOf(ctx, in, found, manifest)
	if err != nil {
		return err
	}
	s.resolved.keep(what, resolution{Digest: found.Digest, Of: by, At: time.Now()})
	found.SignedBy = by
	return nil
}

func (s *Source) signerOf(ctx context.Context, in *inRegistry, found *Found, digest string) (string, error) {
	manifest, err := in.Chart(ctx, digest)
	if errors.Is(err, oci.ErrAbsent) {
		return "", failure.New(pb.Failure_SOURCE_UNAVAILABLE,
			"%s has no manifest %s any more, so its signature cannot be checked", in.Address(), digest)
	}
	if err != nil {
		return "", err
	}
	if manifest.Chart.Digest.String() != found.Digest {
		return "", failure.New(pb.Failure_UNVERIFIED, "%s is not verified: its manifest %s is of another archive",
			in.Address(), digest)
	}
	if in.want.Verify.Provider == signature.ByCosign {
		return in.Signer(ctx, manifest.Raw, in.want.Verify.Keys)
	}
	return s.provenanceOf(ctx, in, found, manifest)
}

// provenanceOf reads the .prov file that was pushed with the chart.
func (s *Source) provenanceOf(
	ctx context.Context, in *inRegistry, found *Found, manifest *oci.Manifest,
) (string, error) {
	if manifest.Provenance.Size == 0 {
		return "", failure.New(pb.Failure_UNVERIFIED,
			"%s is not verified: its manifest %s has no provenance file (`helm package --sign` makes one, "+
				"and `helm push` takes it along)", in.Address(), manifest.Digest)
	}
	prov, err := in.Blob(ctx, manifest.Provenance, signature.LargestProvenance, "")
	if err != nil {
		return "", err
	}
	archive := s.packedOf(found)
	if archive == nil {
		if archive, err = in.Blob(ctx, manifest.Chart, s.options.LargestChart, "--chart-max-size"); err != nil {
			return "", err
		}
	}
	name := fmt.Sprintf("%s-%s.tgz", found.Chart.Name(), found.Chart.Metadata.Version)
	by, err := signature.Provenance(in.want.Verify.Keys, archive, name, prov)
	if err != nil {
		return "", in.about(err)
	}
	return by, nil
}
