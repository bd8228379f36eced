package verbs

import (
	"context"

	"helm.sh/helm/v4/pkg/release/common"

	"helmward.dev/engine/internal/call"
	"helmward.dev/engine/internal/drift"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/history"
	"helmward.dev/engine/internal/objects"
)

// Drift looks whether objects of a deployed revision are as it has them. What
// was found and put right before something went wrong is told all the same by
// the next look.
func (e *Engine) Drift(of *call.Call, request *pb.DriftRequest) (*pb.DriftReply, error) {
	rules, err := drift.Compile(request.GetIgnore())
	if err != nil {
		return nil, err
	}
	a, err := e.Begin(of, &pb.ActionRequest{
		Release: request.GetRelease(), Base: request.GetBase(), Writer: request.GetWriter(),
		ObjectAnnotations: request.GetObjectAnnotations(),
		// What was taken by the API server once is not judged again.
		Options: &pb.ActionOptions{ForceConflicts: true, DisableOpenapiValidation: true},
	}, func(string, string) {})
	if err != nil {
		return nil, err
	}
	record, err := a.deployed()
	if err != nil {
		return nil, err
	}
	found, err := a.objects.Drift(objects.Look{
		Manifest: record.Release.Manifest, Wanted: request.GetObjects(), Rules: rules,
		Correct: request.GetCorrect(),
		Newest:  func(ctx context.Context) error { return a.claim.Secrets.CheckStill(ctx, a.claim.Base) },
	})
	if err != nil {
		return nil, err
	}
	return replyOf(found), nil
}

// deployed reads the base, which has to be.
func (a *Action) deployed() (*history.Record, error) {
	record, err := a.claim.Secrets.Load(a.call.Context(), a.claim.Base)
	if err != nil {
		return nil, err
	}
	if status := record.Release.Info.Status; status != common.StatusDeployed {
		return nil, failure.New(pb.Failure_CONFLICT, "revision %d is %s: only a deployed one says how objects should be",
			record.Stamp.Revision, status)
	}
	return record, nil
}

func replyOf(found *objects.Findings) *pb.DriftReply {
	reply := &pb.DriftReply{Found: found.Found, Looked: int32(found.Looked)}
	if found.Inventory != nil {
		reply.Kinds = found.Inventory.Kinds()
		reply.Objects, _ = found.Inventory.Objects()
	}
	return reply
}
