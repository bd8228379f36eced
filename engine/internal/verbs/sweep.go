package verbs

import (
	"helm.sh/helm/v4/pkg/release/common"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Sweep deletes what broken revisions left, or made after their claim was
// broken, and finishes what a writer left undone who was stopped right after
// his revision was deployed: the older ones become superseded. The good
// revision is the base, the newest one there is.
func (e *Engine) Sweep(of *call.Call, request *pb.SweepRequest) ([]string, error) {
	a, err := e.Begin(of, &pb.ActionRequest{
		Release: request.GetRelease(), Base: request.GetBase(), Writer: request.GetWriter(),
	}, func(string, string) {})
	if err != nil {
		return nil, err
	}
	good, err := a.claim.Secrets.Load(of.Context(), a.claim.Base)
	if err != nil {
		return nil, err
	}
	if status := good.Release.Info.Status; status != common.StatusDeployed {
		return nil, failure.New(pb.Failure_CONFLICT, "revision %d is %s: only over a deployed one is known what is left over",
			good.Stamp.Revision, status)
	}
	records, err := a.claim.Secrets.All(of.Context())
	if err != nil {
		return nil, err
	}
	if err := a.claim.Secrets.Supersede(of.Context(), records, good.Stamp); err != nil {
		return nil, err
	}
	var broken []string
	for _, record := range records {
		if record.Stamp.UID != good.Stamp.UID {
			broken = append(broken, record.Release.Manifest)
		}
	}
	return a.objects.Sweep(good.Release.Manifest, broken, func() error {
		stamps, err := a.claim.Secrets.Stamps(of.Context())
		if err != nil {
			return err
		}
		return a.claim.CheckBase(stamps)
	})
}
