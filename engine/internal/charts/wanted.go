package charts

import (
	"net/url"
	"strings"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/fetch"
)

// Wanted is a chart that somebody asks for.
type Wanted struct {
	// Repository is a repository, a registry, or the archive itself.
	Repository string
	Name       string
	// Version is exact or a range; empty is the newest stable one.
	Version string
	// Oldest is how old what is known of the versions may be.
	Oldest time.Duration
	Access fetch.Access
	// Allowed are prefixes of URLs that may be asked; none allows all.
	Allowed []string
	Verify  Verify
}

// Verify says who must have signed the chart; an empty provider asks for nobody.
type Verify struct {
	Provider string
	Keys     [][]byte
}

// Provenance is the provider of Helm's .prov files.
const Provenance = "provenance"

// place is what the repository's address means.
type place int

const (
	aRepository place = iota
	aRegistry
	anArchive
)

// placeOf reads the address of a repository.
func placeOf(text string) (*url.URL, place, error) {
	address, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, 0, failure.New(pb.Failure_INVALID, "the repository's address is not a URL")
	}
	switch scheme := address.Scheme; {
	case scheme == "data":
		return address, anArchive, nil
	case scheme == "", scheme == "file", address.Host == "":
		return nil, 0, failure.New(pb.Failure_INVALID,
			"the repository's address must start with https://, http:// or oci://, not %q", fetch.Shown(address))
	case scheme == "oci":
		return address, aRegistry, nil
	case isArchive(address):
		return address, anArchive, nil
	}
	return address, aRepository, nil // Of the web, or of a plugin's.
}

func isArchive(address *url.URL) bool {
	path := strings.ToLower(address.Path)
	return strings.HasSuffix(path, ".tgz") || strings.HasSuffix(path, ".tar.gz")
}
