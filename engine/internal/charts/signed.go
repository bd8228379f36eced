package charts

import (
	"context"
	"errors"
	"net/url"
	"os"
	"time"

	"helmward.dev/engine/internal/documents"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
	"helmward.dev/engine/internal/signature"
)

// checked says who has signed what was found in a repository.
func (s *Source) checked(
	ctx context.Context, from *repository, want Wanted, chosen *entry, found *Found,
) (*Found, error) {
	if want.Verify.Provider == "" {
		return found, nil
	}
	address, err := from.archiveAddress(chosen)
	if err == nil {
		found.SignedBy, err = s.signedBy(ctx, want, address, from.address, found)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// signedBy asks who has signed an archive; nobody where nobody is asked for.
// The archive is read from the store where it is not at hand.
func (s *Source) signedBy(
	ctx context.Context, want Wanted, address, home *url.URL, found *Found,
) (string, error) {
	switch want.Verify.Provider {
	case "":
		return "", nil
	case Provenance:
	case "cosign":
		return "", failure.New(pb.Failure_INVALID,
			"%s: cosign signatures are those of registries (oci://); here it is `provenance`", fetch.Shown(address))
	default:
		return "", failure.New(pb.Failure_INVALID, "signatures by %q are not known: `provenance` or `cosign`",
			want.Verify.Provider)
	}
	if known, checked := s.knownSigner(want, found.Digest); checked {
		return known, nil
	}
	by, err := s.verify(ctx, want, address, home, found)
	if err != nil {
		return "", err
	}
	s.resolved.keep(signedAs(want, found.Digest), resolution{Digest: found.Digest, Of: by, At: time.Now()})
	return by, nil
}

// knownSigner is who has signed it, where these keys found that out before,
// also over a restart: other bytes, or another key, are checked anew.
func (s *Source) knownSigner(want Wanted, digest string) (string, bool) {
	passed, known := s.resolved.get(signedAs(want, digest))
	return passed.Of, known && passed.Digest == digest
}

func signedAs(want Wanted, digest string) asked {
	return asked{
		repository: "signed", access: signature.Fingerprint(want.Verify.Provider, want.Verify.Keys), name: digest,
	}
}

// packedOf is the archive of a chart as it was fetched; nil where only the
// parsed chart is left.
func (s *Source) packedOf(found *Found) []byte {
	if found.packed != nil {
		return found.packed
	}
	return s.store.raw(found.Digest)
}

func (s *Source) verify(
	ctx context.Context, want Wanted, address, home *url.URL, found *Found,
) (string, error) {
	prov, err := s.provenance(ctx, want, address, home)
	if err != nil {
		return "", err
	}
	archive := s.packedOf(found)
	if archive == nil {
		archive, _, err = s.client.Read(ctx, s.archiveRequest(address, home, want))
	}
	if err != nil {
		return "", err
	}
	if digestOf(archive) != found.Digest {
		return "", fetch.Unavailable(address, "has changed while its signature was checked: it is tried again")
	}
	by, err := signature.Provenance(want.Verify.Keys, archive, fileName(address), prov)
	if err != nil {
		return "", about(address, err)
	}
	return by, nil
}

// provenance fetches the file beside the archive. It is kept over a restart, as
// the archive is.
func (s *Source) provenance(ctx context.Context, want Wanted, address, home *url.URL) ([]byte, error) {
	beside := *address
	beside.Path, beside.RawPath = beside.Path+".prov", ""
	if address.Scheme == "data" {
		return nil, failure.New(pb.Failure_UNVERIFIED,
			"%s has no provenance file: a signed chart needs an address that has one beside it", fetch.Shown(address))
	}
	kept, err := s.documents.Get(ctx, documents.Wanted{
		Address: beside.String(), Access: want.Access, Home: home, Allowed: want.Allowed,
		Limit: signature.LargestProvenance,
	})
	if fetch.IsGone(err) {
		return nil, failure.New(pb.Failure_UNVERIFIED, "%s is not signed: there is no %s.prov beside it",
			fetch.Shown(address), fileName(address))
	}
	if err != nil {
		return nil, err
	}
	return kept.Content, nil
}

// raw gives an archive's own bytes, where the folder has them.
func (s *store) raw(digest string) []byte {
	archive, err := os.ReadFile(s.path(digest))
	if err != nil || digestOf(archive) != digest {
		return nil
	}
	return archive
}

// about says of which address an error is, where it does not say so itself.
func about(address *url.URL, err error) error {
	var known *failure.Failure
	if errors.As(err, &known) {
		return failure.New(known.Kind, "%s: %w", fetch.Shown(address), known)
	}
	return err
}
