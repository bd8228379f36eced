package charts

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	buffered "helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// vendored checks a dependency without a repository: it is in charts/ already.
func vendored(of *chart.Chart, wanted *chart.Dependency) error {
	var others []string
	for _, one := range of.Dependencies() {
		if one.Name() != wanted.Name {
			continue
		}
		if satisfies(wanted.Version, one.Metadata.Version) {
			return nil
		}
		others = append(others, one.Metadata.Version)
	}
	found := "is not there"
	if len(others) > 0 {
		found = "is there as " + strings.Join(others, ", ")
	}
	return failure.New(pb.Failure_CHART_INVALID,
		"dependency %s of chart %s has no repository, so charts/ must hold it, but version %q %s",
		wanted.Name, of.Name(), wanted.Version, found)
}

func satisfies(wanted, version string) bool {
	if wanted == "" || wanted == version {
		return true
	}
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return false
	}
	parsed, err := semver.NewVersion(version)
	return err == nil && constraint.Check(parsed)
}

// dependency is one that was found, by its files.
type dependency struct {
	name, version string
	files         []*buffered.BufferedFile
}

func (p *packer) find(ctx context.Context, wanted *chart.Dependency, trail []string) (*dependency, error) {
	if wanted.Name == "" || unsafePath(wanted.Name) != "" || strings.Contains(wanted.Name, "/") {
		return nil, failure.New(pb.Failure_CHART_INVALID, "its name is not one of a chart")
	}
	if beside, local := strings.CutPrefix(wanted.Repository, "file://"); local {
		return p.beside(ctx, wanted, beside, trail)
	}
	repository, access, err := p.repository(wanted.Repository)
	if err != nil {
		return nil, err
	}
	found, err := p.source.Pull(ctx, Wanted{
		Repository: repository, Name: wanted.Name, Version: wanted.Version,
		Oldest: p.of.Oldest, Access: access, Allowed: p.of.Allowed,
	})
	if err != nil {
		return nil, err
	}
	if found.Stale != nil {
		p.stale = found.Stale
	}
	return p.pulled(wanted, found.Chart)
}

// pulled counts a fetched chart in as if it had lain in the folder.
func (p *packer) pulled(wanted *chart.Dependency, found *chart.Chart) (*dependency, error) {
	files := make([]*buffered.BufferedFile, 0, len(found.Raw))
	for _, file := range found.Raw {
		if err := p.folder.left.take(file.Name, int64(len(file.Data))); err != nil {
			return nil, err
		}
		files = append(files, &buffered.BufferedFile{Name: file.Name, Data: file.Data})
	}
	return p.fitting(wanted, found.Metadata, files)
}

// beside packs a chart that lies elsewhere below the same folder.
func (p *packer) beside(ctx context.Context, wanted *chart.Dependency, way string, trail []string) (*dependency, error) {
	place := path.Join(trail[len(trail)-1], way)
	if path.IsAbs(way) || place == ".." || strings.HasPrefix(place, "../") {
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"file://%s leads out of the repository: what is read must lie in it", way)
	}
	files, err := p.chart(ctx, place, slices.Clone(trail))
	if err != nil {
		return nil, err
	}
	metadata, err := metadataIn(files)
	if err != nil {
		return nil, err
	}
	return p.fitting(wanted, metadata, files)
}

func (p *packer) fitting(
	wanted *chart.Dependency, found *chart.Metadata, files []*buffered.BufferedFile,
) (*dependency, error) {
	switch {
	case found.Name != wanted.Name:
		return nil, failure.New(pb.Failure_CHART_INVALID, "what is found there is chart %q", found.Name)
	case strings.HasPrefix(wanted.Repository, "file://") && !satisfies(wanted.Version, found.Version):
		return nil, failure.New(pb.Failure_CHART_INVALID,
			"version %q is asked for, but at %s it is %s", wanted.Version, wanted.Repository, found.Version)
	}
	return &dependency{name: found.Name, version: found.Version, files: files}, nil
}
