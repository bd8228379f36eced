package verbs

import (
	"bytes"
	"context"
	"maps"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/history"
)

// Resume goes on with the wait of a revision whose writer is gone.
func (a *Action) Resume() error { return a.finish(a.resume()) }

func (a *Action) resume() error {
	record, until, err := a.adopt()
	if err != nil {
		return err
	}
	rel := record.Release
	if err := a.goOn(rel, until); err != nil {
		// It is the claim that knows what this means: failed, or given up.
		rel.SetStatus(common.StatusFailed, err.Error())
		_ = a.claim.Update("", rel)
		return err
	}
	rel.SetStatus(common.StatusDeployed, rel.Info.Description)
	if err := a.claim.Update("", rel); err != nil {
		return err
	}
	a.claim.Prune()
	return nil
}

// adopt makes the claim ours, if there is a wait to go on with.
func (a *Action) adopt() (*history.Record, time.Time, error) {
	none := time.Time{}
	ctx := a.call.Context()
	record, err := a.claim.Secrets.Load(ctx, a.claim.Base)
	if err != nil {
		return nil, none, err
	}
	until, waits := record.Stamp.Waiting()
	if !waits {
		return nil, none, failure.New(pb.Failure_CONFLICT,
			"revision %d is %s and not in its wait (phase %q): there is nothing to go on with",
			record.Stamp.Revision, record.Release.Info.Status, record.Stamp.Annotations[history.Domain+"phase"])
	}
	stamps, err := a.claim.Secrets.Stamps(ctx)
	if err != nil {
		return nil, none, err
	}
	if err := a.claim.CheckBase(stamps); err != nil {
		return nil, none, err
	}
	if a.claim.Why == "" {
		a.claim.Why = record.Release.Info.Description
	}
	a.claim.Annotations = history.Annotations(maps.Clone(a.request.GetAnnotations()), a.request.GetWriter(),
		a.engine.Instance, "", until)
	if !a.seal() {
		return nil, none, context.Cause(ctx)
	}
	a.progress("claiming", "")
	return record, until, a.claim.Adopt(record, stamps)
}

// goOn waits, and runs the hooks that come after the wait.
func (a *Action) goOn(rel *release.Release, until time.Time) error {
	resources, err := a.objects.Build(bytes.NewBufferString(rel.Manifest), false)
	if err != nil {
		return err
	}
	if err := a.objects.GoOnWaiting(resources, until); err != nil {
		return err
	}
	if a.request.GetOptions().GetDisableHooks() {
		return nil
	}
	return a.runHooks(rel, after[rel.Info.Status])
}
