package verbs

import (
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/release/common"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/history"
)

// Upgrade writes the next revision.
func (a *Action) Upgrade() error { return a.finish(a.upgrade()) }

func (a *Action) upgrade() error {
	chart, values, err := a.inputs()
	if err != nil {
		return err
	}
	if err := a.knowHistory(); err != nil {
		return err
	}
	if err := a.checkValues(chart, values, a.claim.Current()); err != nil {
		return err
	}
	config, err := a.configuration()
	if err != nil {
		return err
	}
	options := a.request.GetOptions()
	upgrade := action.NewUpgrade(config)
	upgrade.Namespace = a.request.GetRelease().GetNamespace()
	upgrade.ServerSideApply = "true"
	upgrade.ForceConflicts = options.GetForceConflicts()
	upgrade.TakeOwnership = options.GetTakeOwnership()
	upgrade.DisableHooks = options.GetDisableHooks()
	upgrade.SkipCRDs = options.GetSkipCrds()
	upgrade.SkipSchemaValidation = true // It is done.
	upgrade.DisableOpenAPIValidation = true
	upgrade.Timeout = a.timeout()
	upgrade.WaitStrategy = a.strategy()
	upgrade.Description = a.request.GetDescription()
	a.valuesPolicy(upgrade)
	_, err = upgrade.RunWithContext(a.rendering, a.request.GetRelease().GetName(), chart, values)
	a.claim.Prune()
	return err
}

// knowHistory reads the revision that the upgrade is based on and, if that is
// not deployed, the one that is.
func (a *Action) knowHistory() error {
	base := a.claim.Base
	if base.Revision == 0 {
		return failure.New(pb.Failure_INVALID, "there is no revision to upgrade: install it")
	}
	newest, err := a.claim.Secrets.Load(a.call.Context(), base)
	if err != nil {
		return err
	}
	status := newest.Release.Info.Status
	if status.IsPending() {
		return failure.New(pb.Failure_CONFLICT, "revision %d is %s: its writer may be alive", base.Revision, status)
	}
	if status == common.StatusDeployed {
		a.objects.TrustOriginals = true
		a.claim.Know(newest, newest)
		return nil
	}
	deployed, err := a.findDeployed()
	if err != nil {
		return err
	}
	a.objects.TrustOriginals = deployed != nil
	a.objects.KeepPrevious(newest.Release.Manifest)
	if deployed == nil {
		// The SDK upgrades over a failed revision, but not over one of which an
		// uninstall is half done.
		newest.Release.Info.Status = common.StatusFailed
	}
	a.claim.Know(newest, deployed)
	return nil
}

func (a *Action) findDeployed() (*history.Record, error) {
	ctx := a.call.Context()
	stamps, err := a.claim.Secrets.Stamps(ctx)
	if err != nil {
		return nil, err
	}
	_, deployed := history.Newest(stamps)
	if deployed == nil {
		return nil, nil
	}
	record, err := a.claim.Secrets.Load(ctx, deployed.Base())
	if err != nil {
		return nil, fmt.Errorf("read the deployed revision: %w", err)
	}
	return record, nil
}
