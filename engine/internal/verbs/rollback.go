package verbs

import (
	"helm.sh/helm/v4/pkg/action"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/history"
)

// Rollback writes the next revision with the content of an earlier one.
func (a *Action) Rollback() error { return a.finish(a.rollback()) }

func (a *Action) rollback() error {
	target, err := a.target()
	if err != nil {
		return err
	}
	a.annotate(target.Release.Chart)
	config, err := a.configuration()
	if err != nil {
		return err
	}
	options := a.request.GetOptions()
	a.objects.Recreate = options.GetRecreate()
	rollback := action.NewRollback(config)
	rollback.Version = target.Stamp.Revision
	rollback.ServerSideApply = "true"
	rollback.ForceConflicts = options.GetForceConflicts()
	rollback.DisableHooks = options.GetDisableHooks()
	rollback.Timeout = a.timeout()
	rollback.WaitStrategy = a.strategy()
	err = rollback.Run(a.request.GetRelease().GetName())
	a.claim.Fail(err)
	a.claim.Prune()
	return err
}

// target reads the revision to go back to and what the cluster holds until then.
func (a *Action) target() (*history.Record, error) {
	wanted := int(a.request.GetOptions().GetToRevision())
	if wanted <= 0 {
		return nil, failure.New(pb.Failure_INVALID, "options.to_revision is required: the revision to go back to")
	}
	if err := a.knowHistory(); err != nil {
		return nil, err
	}
	if err := a.objects.Before(a.claim.Deployed()); err != nil {
		return nil, err
	}
	target, err := a.claim.AimAt(a.call.Context(), wanted)
	if err != nil {
		return nil, err
	}
	if target == nil {
		return nil, failure.New(pb.Failure_INVALID, "revision %d does not exist (any more): it cannot be gone back to", wanted)
	}
	if target.Release.Chart == nil || target.Release.Chart.Metadata == nil {
		return nil, failure.New(pb.Failure_INVALID, "revision %d has no content: it cannot be gone back to", wanted)
	}
	return target, nil
}
