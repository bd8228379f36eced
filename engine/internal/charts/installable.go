package charts

import (
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	ci "helm.sh/helm/v4/pkg/chart"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Installable checks what the helm command checks before it installs. A chart
// that is not may still be another's dependency.
func Installable(c *chart.Chart) error {
	name := fmt.Sprintf("%s-%s", c.Name(), c.Metadata.Version)
	if kind := c.Metadata.Type; kind != "" && kind != "application" {
		return failure.New(pb.Failure_CHART_INVALID, "chart %s is of type %s and cannot be installed", name, kind)
	}
	needs := make([]ci.Dependency, 0, len(c.Metadata.Dependencies))
	for _, one := range c.Metadata.Dependencies {
		needs = append(needs, one)
	}
	if err := action.CheckDependencies(c, needs); err != nil {
		return failure.New(pb.Failure_CHART_INVALID, "chart %s lacks its dependencies: %w", name, err)
	}
	return nil
}
