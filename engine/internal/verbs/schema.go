package verbs

import (
	chartcommon "helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	release "helm.sh/helm/v4/pkg/release/v1"

	"helmward.dev/engine/internal/charts"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/schema"
)

// checkValues asks the schemas before the SDK does anything. The SDK would
// follow references out of the chart, to files of this machine too, and would
// quote values. Over is the release that is upgraded; nil: none is.
func (a *Action) checkValues(asked *chart.Chart, values map[string]any, over *release.Release) error {
	if a.request.GetOptions().GetDisableSchemaValidation() || !schema.Any(asked) {
		return nil
	}
	// Which dependencies are on, and by which names, is written into the chart.
	own, err := a.chart()
	if err != nil {
		return err
	}
	values, err = a.reused(own, charts.CloneValues(values), over)
	if err != nil {
		return err
	}
	if err := chartutil.ProcessDependencies(own, values); err != nil {
		return failure.New(pb.Failure_CHART_INVALID, "dependencies of the chart: %w", err)
	}
	whole, err := chartcommon.CoalesceValues(own, values)
	if err != nil {
		return failure.New(pb.Failure_VALUES_INVALID, "the values do not fit the chart's: %w", err)
	}
	return schema.Check(own, whole)
}

// reused mixes in the values of the release before as the SDK will.
func (a *Action) reused(own *chart.Chart, values map[string]any, over *release.Release) (map[string]any, error) {
	if over == nil {
		return values, nil
	}
	before := charts.CloneValues(over.Config)
	switch a.request.GetOptions().GetValues() {
	case pb.ValuesPolicy_REUSE:
		old, err := chartcommon.CoalesceValues(over.Chart, charts.CloneValues(over.Config))
		if err != nil {
			return nil, failure.New(pb.Failure_VALUES_INVALID, "the values of the revision before: %w", err)
		}
		own.Values = old
		return chartcommon.CoalesceTables(values, before), nil
	case pb.ValuesPolicy_REUSE_WHEN_EMPTY:
		if len(values) == 0 && len(before) > 0 {
			return before, nil
		}
	}
	return values, nil
}
