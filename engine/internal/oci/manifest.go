package oci

import (
	"context"
	"encoding/json"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"helm.sh/helm/v4/pkg/registry"
)

const (
	dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
	mostLayers  = 100
)

// Manifest is a chart as its registry describes it.
type Manifest struct {
	Digest string
	Raw    []byte
	// Chart is the archive; Provenance is its .prov file, of no size where
	// there is none.
	Chart, Provenance ocispec.Descriptor
}

// Chart reads the manifest of a chart by its tag or digest, and refuses what
// is no chart.
func (r *Repository) Chart(ctx context.Context, reference string) (*Manifest, error) {
	raw, kind, err := r.manifest(ctx, reference)
	if err != nil {
		return nil, err
	}
	if kind == ocispec.MediaTypeImageIndex || kind == dockerIndex {
		return nil, r.invalid(reference, "it is no Helm chart, but an index of images for several platforms")
	}
	read, err := r.parse(reference, raw)
	if err != nil {
		return nil, err
	}
	found := &Manifest{Digest: digest.FromBytes(raw).String(), Raw: raw}
	for _, layer := range read.Layers {
		switch layer.MediaType {
		case registry.ChartLayerMediaType:
			found.Chart = layer
		case registry.LegacyChartLayerMediaType:
			if read.Config.MediaType == registry.ConfigMediaType && found.Chart.Size == 0 {
				found.Chart = layer
			}
		case registry.ProvLayerMediaType:
			found.Provenance = layer
		}
	}
	if found.Chart.Size == 0 {
		return nil, r.invalid(reference, "it is no Helm chart, but of type %q", typeOf(read))
	}
	return found, nil
}

func (r *Repository) parse(reference string, raw []byte) (*ocispec.Manifest, error) {
	var read ocispec.Manifest
	if err := json.Unmarshal(raw, &read); err != nil {
		return nil, r.invalid(reference, "its manifest is damaged: it is no JSON")
	}
	if len(read.Layers) > mostLayers {
		return nil, r.invalid(reference, "its manifest lists %d layers; a chart has one or two", len(read.Layers))
	}
	return &read, nil
}

func typeOf(manifest *ocispec.Manifest) string {
	if manifest.ArtifactType != "" {
		return manifest.ArtifactType
	}
	return manifest.Config.MediaType
}
