package oci

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/errcode"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/signature"
)

// oldReferrer is the type of signatures that refer to a manifest and are not
// in a bundle yet.
const oldReferrer = "application/vnd.dev.cosign.artifact.sig.v1+json"

// errVerified ends the search: one signature that fits is enough.
var errVerified = errors.New("verified")

// search looks at signatures until one is by one of the keys.
type search struct {
	in       *Repository
	manifest []byte
	keys     []signature.Key
	by       string
	looked   int
	// last says why the last one did not do.
	last error
}

// Signer says who has signed a manifest as cosign does: in the tag beside it,
// or in what refers to it.
//
// A registry that cannot be asked is no answer; one that has no good signature
// is a failure of kind UNVERIFIED.
func (r *Repository) Signer(ctx context.Context, manifest []byte, keys [][]byte) (string, error) {
	read, err := signature.Keys(keys)
	if err != nil {
		return "", err
	}
	looking := &search{in: r, manifest: manifest, keys: read}
	err = looking.everywhere(ctx, digest.FromBytes(manifest))
	switch {
	case errors.Is(err, errVerified):
		return looking.by, nil
	case err != nil:
		return "", err
	}
	return "", looking.unverified()
}

func (s *search) unverified() error {
	of := digest.FromBytes(s.manifest)
	if s.looked == 0 {
		return failure.New(pb.Failure_UNVERIFIED,
			"%s is not verified: its manifest %s has no cosign signature", s.in.Address(), of)
	}
	return failure.New(pb.Failure_UNVERIFIED,
		"%s is not verified: none of the cosign signatures of its manifest %s is good (looked at %d); of the last, %w",
		s.in.Address(), of, s.looked, s.last)
}

func (s *search) everywhere(ctx context.Context, of digest.Digest) error {
	if err := s.look(ctx, strings.Replace(of.String(), ":", "-", 1)+".sig"); err != nil {
		return err
	}
	referrers, err := s.in.referrers(ctx, of)
	if err != nil {
		return err
	}
	for _, referrer := range referrers {
		if err := s.look(ctx, referrer.Digest.String()); err != nil {
			return err
		}
	}
	return nil
}

// look checks the signatures of one manifest of signatures, if it is there.
func (s *search) look(ctx context.Context, reference string) error {
	raw, _, err := s.in.manifest(ctx, reference)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	if err != nil {
		return s.bad(err)
	}
	read, err := s.in.parse(reference, raw)
	if err != nil {
		return s.bad(err)
	}
	for _, layer := range read.Layers {
		if layer.MediaType != signature.SimpleSigning && layer.MediaType != signature.Bundle {
			continue
		}
		if err := s.check(ctx, layer); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) check(ctx context.Context, layer ocispec.Descriptor) error {
	content, err := s.in.Blob(ctx, layer, signature.LargestSignature, "")
	if err != nil {
		return s.bad(err)
	}
	var by string
	if layer.MediaType == signature.Bundle {
		by, err = signature.CheckBundle(s.keys, s.manifest, content)
	} else {
		by, err = signature.CheckPayload(s.keys, s.manifest, content, layer.Annotations[signature.PayloadSignature])
	}
	if err != nil {
		return s.bad(err)
	}
	s.by = by
	return errVerified
}

// bad remembers why a signature does not do; a registry that cannot be asked
// ends the search.
func (s *search) bad(err error) error {
	if failure.Is(err, pb.Failure_SOURCE_UNAVAILABLE) || failure.Is(err, pb.Failure_NOT_ALLOWED) {
		return err
	}
	s.looked++
	s.last = err
	return nil
}

// referrers lists what refers to a manifest and may be a signature of it. Where
// a registry does not know the question, a tag has the answer.
func (r *Repository) referrers(ctx context.Context, of digest.Digest) ([]ocispec.Descriptor, error) {
	found, err := r.listReferrers(ctx, of)
	var answered *errcode.ErrorResponse
	if errors.As(err, &answered) && slices.Contains(unknowing, answered.StatusCode) &&
		r.remote.SetReferrersCapability(false) == nil {
		found, err = r.listReferrers(ctx, of)
	}
	if err != nil {
		err = r.failed(ctx, "referrers", err)
	}
	if errors.Is(err, ErrAbsent) {
		return nil, nil
	}
	return found, err
}

// unknowing is how registries answer a question that they do not know, besides 404.
var unknowing = []int{http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented}

func (r *Repository) listReferrers(ctx context.Context, of digest.Digest) ([]ocispec.Descriptor, error) {
	ctx, end := context.WithTimeout(ctx, overall)
	defer end()
	var found []ocispec.Descriptor
	subject := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: of}
	err := r.remote.Referrers(ctx, subject, "", func(page []ocispec.Descriptor) error {
		for _, one := range page {
			if mayBeSignature(one.ArtifactType) {
				found = append(found, one)
			}
		}
		if len(found) > mostReferrers {
			return failure.New(pb.Failure_TOO_LARGE, "%s lists more than %d signatures of %s", r.Address(), mostReferrers, of)
		}
		return nil
	})
	return found, err
}

func mayBeSignature(kind string) bool {
	return kind == "" || kind == signature.Bundle || kind == oldReferrer
}
