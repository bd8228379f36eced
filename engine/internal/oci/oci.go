// Package oci reads charts, and the signatures of charts, from registries.
//
// It speaks through the guarded client of package fetch, keeps nothing but
// tokens, and decides nothing about versions.
package oci

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

const (
	overall         = 2 * time.Minute
	largestManifest = 1 << 20
	tagsOnAPage     = 1000
	mostPages       = 100
	mostTags        = 50_000
	mostReferrers   = 200
)

// Client reads from registries; it is made once.
type Client struct {
	web    *fetch.Client
	tokens *tokens
}

// New makes a client that has asked nobody yet.
func New(web *fetch.Client) *Client { return &Client{web, newTokens()} }

// Repository is one place in a registry, as one access sees it.
type Repository struct {
	web     *fetch.Client
	address *url.URL
	access  fetch.Access
	shows   bool
	remote  *remote.Repository
}

// At names a repository by its address, oci://host/path.
func (c *Client) At(address *url.URL, access fetch.Access, allowed []string) (*Repository, error) {
	path := strings.Trim(address.Path, "/")
	reference := registry.Reference{Registry: address.Host, Repository: path}
	if reference.ValidateRegistry() != nil || reference.ValidateRepository() != nil {
		return nil, failure.New(pb.Failure_INVALID,
			"%s is no address in a registry: oci://host/path is wanted, in lower case", fetch.Shown(address))
	}
	credential, err := credentialOf(access, reference.Host())
	if err != nil {
		return nil, err
	}
	web, err := c.guarded(address, reference, access, allowed)
	if err != nil {
		return nil, err
	}
	speaking := &auth.Client{
		Client:     web,
		Header:     http.Header{"User-Agent": {"helmward-engine"}},
		Credential: auth.StaticCredential(reference.Host(), credential),
		Cache:      c.tokens.of(reference.Host()+"/"+path, access),
	}
	return &Repository{
		web: c.web, address: address, access: access, shows: credential != auth.EmptyCredential,
		remote: &remote.Repository{
			Reference: reference, PlainHTTP: access.PlainHTTP, Client: speaking,
			TagListPageSize: tagsOnAPage, TagListMaxPages: mostPages, ReferrerListMaxPages: mostPages,
		},
	}, nil
}

// guarded is a client that asks where it may, and shows credentials at home.
func (c *Client) guarded(
	address *url.URL, reference registry.Reference, access fetch.Access, allowed []string,
) (*http.Client, error) {
	home := originOf(access.PlainHTTP, reference.Host())
	allowed, err := c.allowed(address, home.JoinPath("v2", reference.Repository), allowed)
	if err != nil {
		return nil, err
	}
	web, err := c.web.HTTP(access, allowed)
	if err != nil {
		return nil, err
	}
	guarded := *web
	guarded.Transport = &guard{next: web.Transport, home: home, pass: access.Pass}
	return &guarded, nil
}

// allowed says where requests may go: a repository is allowed as it is written,
// oci://, or as it is asked, https://. The former allows what its registry asks
// us to do at the same host, such as to fetch a token.
func (c *Client) allowed(address, asked *url.URL, prefixes []string) ([]string, error) {
	err := c.web.Allows(address, prefixes)
	switch {
	case err == nil && len(prefixes) > 0:
		return append(slices.Clone(prefixes), asked.Scheme+"://"+asked.Host+"/"), nil
	case err != nil && c.web.Allows(asked, prefixes) != nil:
		return nil, err
	}
	return prefixes, nil
}

// Address is where it is, as it may be printed.
func (r *Repository) Address() string { return fetch.Shown(r.address) }

// Tags lists all tags that are worth a look, as the registry writes them.
func (r *Repository) Tags(ctx context.Context) ([]string, error) {
	ctx, end := context.WithTimeout(ctx, overall)
	defer end()
	var tags []string
	err := r.remote.Tags(ctx, "", func(page []string) error {
		tags = append(tags, page...)
		if len(tags) > mostTags {
			return failure.New(pb.Failure_TOO_LARGE, "%s lists more than %d tags", r.Address(), mostTags)
		}
		return nil
	})
	if err != nil {
		return nil, r.failed(ctx, "tags", err)
	}
	return tags, nil
}

// Points says which manifest a tag points to now.
func (r *Repository) Points(ctx context.Context, tag string) (string, error) {
	ctx, end := context.WithTimeout(ctx, overall)
	defer end()
	found, err := r.remote.Resolve(ctx, tag)
	if err == nil {
		return found.Digest.String(), nil
	}
	if err = r.failed(ctx, tag, err); !errors.Is(err, errOdd) {
		return "", err
	}
	// Some registries name no digest before they are asked for all of it.
	raw, _, err := r.manifest(ctx, tag)
	return digest.FromBytes(raw).String(), err
}

// manifest reads a manifest by its tag or digest; what comes is checked.
func (r *Repository) manifest(ctx context.Context, reference string) ([]byte, string, error) {
	ctx, end := context.WithTimeout(ctx, overall)
	defer end()
	described, body, err := r.remote.Manifests().FetchReference(ctx, reference)
	if err != nil {
		return nil, "", r.failed(ctx, reference, err)
	}
	if described.Size > largestManifest {
		_ = body.Close()
		return nil, "", r.invalid(reference, "its manifest is larger than the %d KiB that are allowed", largestManifest>>10)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	raw, err := r.web.ReadAll(ctx, cancel, fetch.Request{Address: r.address, Limit: largestManifest}, body)
	if err != nil {
		return nil, "", err
	}
	if digest.FromBytes(raw) != described.Digest {
		return nil, "", fetch.Unavailable(r.address, "has another manifest for %s than it says: its digest is %s, not %s",
			reference, digest.FromBytes(raw), described.Digest)
	}
	return raw, described.MediaType, nil
}

// Blob reads what a manifest describes; what comes is checked.
func (r *Repository) Blob(ctx context.Context, blob ocispec.Descriptor, limit int64, flag string) ([]byte, error) {
	if blob.Size > limit {
		return nil, fetch.TooLarge(r.address, limit, flag)
	}
	if blob.Digest.Validate() != nil || blob.Digest.Algorithm() != digest.SHA256 {
		return nil, r.invalid(blob.Digest.String(), "its content is not named by a sha256 digest")
	}
	ctx, end := context.WithTimeout(ctx, overall)
	defer end()
	body, err := r.remote.Blobs().Fetch(ctx, blob)
	if err != nil {
		return nil, r.failed(ctx, blob.Digest.String(), err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	content, err := r.web.ReadAll(ctx, cancel, fetch.Request{Address: r.address, Limit: limit, Flag: flag}, body)
	if err != nil {
		return nil, err
	}
	if got := digest.FromBytes(content); got != blob.Digest {
		return nil, fetch.Unavailable(r.address, "is not what its manifest lists: its digest is %s, not %s", got, blob.Digest)
	}
	return content, nil
}
