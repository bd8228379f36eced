package charts

import (
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const largestFile = 1 << 20

// File reads a file of a chart in the store by its path from the chart's folder;
// the answer is false where it has none.
func (s *Source) File(digest, name string) ([]byte, bool, error) {
	cleaned := path.Clean(name)
	if name == "" || path.IsAbs(cleaned) || cleaned == ".." || strings.HasPrefix(cleaned, "../") {
		return nil, false, failure.New(pb.Failure_INVALID, "path %q does not name a file below the chart's folder", name)
	}
	kept := s.store.get(digest)
	if kept == nil {
		return nil, false, failure.New(pb.Failure_CHART_UNKNOWN, "chart %s is not in the store: pull it again", digest)
	}
	found := fileIn(kept, cleaned)
	switch {
	case found == nil:
		return nil, false, nil
	case len(found.Data) > largestFile:
		return nil, false, failure.New(pb.Failure_TOO_LARGE, "file %q of chart %s is larger than %d MiB",
			cleaned, kept.Name(), largestFile>>20)
	}
	return found.Data, true, nil
}

// fileIn also finds what a dependency holds by the dependency's name, whatever
// the folder or archive in charts/ is called.
func fileIn(of *chart.Chart, name string) *common.File {
	for _, file := range of.Raw {
		if file.Name == name {
			return file
		}
	}
	below, found := strings.CutPrefix(name, "charts/")
	dependency, inside, deep := strings.Cut(below, "/")
	if !found || !deep {
		return nil
	}
	for _, one := range of.Dependencies() {
		if one.Name() == dependency {
			return fileIn(one, inside)
		}
	}
	return nil
}
