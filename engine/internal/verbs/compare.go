package verbs

import (
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/history"
)

// Compare tells whether the newest revision holds what is asked for, and whose
// its objects are. Nothing is written.
func (e *Engine) Compare(of *call.Call, request *pb.CompareRequest) (*pb.CompareReply, error) {
	a, err := e.Begin(of, &pb.ActionRequest{
		Release: request.GetRelease(), Base: request.GetBase(), ChartDigest: request.GetChartDigest(),
		ValuesJson: request.GetValuesJson(),
	}, func(string, string) {})
	if err != nil {
		return nil, err
	}
	reply, err := a.compare(request.GetOwnerAnnotations())
	if err != nil {
		return nil, a.explain(err)
	}
	return reply, nil
}

func (a *Action) compare(ownerAnnotations []string) (*pb.CompareReply, error) {
	asked, values, err := a.inputs()
	if err != nil {
		return nil, err
	}
	record, err := a.baseRecord()
	if err != nil {
		return nil, err
	}
	// As an action does before it stores the chart: it imports values from the
	// dependencies and leaves out those that are switched off.
	if err := chartutil.ProcessDependencies(asked, values); err != nil {
		return nil, failure.New(pb.Failure_CHART_INVALID, "dependencies of the chart: %w", err)
	}
	reply := &pb.CompareReply{}
	reply.Difference = difference(record.Release, asked, values)
	reply.Same = reply.Difference == ""
	reply.Owner, err = a.objects.Owner(record.Release.Manifest, ownerAnnotations)
	return reply, err
}

// baseRecord reads the base, which must be the newest revision as storage has
// it now.
func (a *Action) baseRecord() (*history.Record, error) {
	if a.claim.Base.Revision == 0 {
		return nil, failure.New(pb.Failure_INVALID, "base.revision is required: the newest revision as it was seen")
	}
	ctx := a.call.Context()
	if err := a.claim.Secrets.CheckNewest(ctx, a.claim.Base); err != nil {
		return nil, err
	}
	return a.claim.Secrets.Load(ctx, a.claim.Base)
}
