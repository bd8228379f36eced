package verbs

import (
	"errors"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"helmward.dev/engine/internal/history"
)

// Uninstall deletes the release's objects, then its history; an absent release
// is success.
func (a *Action) Uninstall() error {
	err := a.finish(a.uninstall())
	if err == nil {
		ref := a.request.GetRelease()
		a.engine.Versions.Drop(ref.GetNamespace() + "/" + ref.GetName())
	}
	return err
}

func (a *Action) uninstall() error {
	a.annotate(nil)
	a.progress("claiming", "")
	records, err := a.wholeHistory()
	if err != nil || len(records) == 0 {
		return err
	}
	a.objects.Uninstalling = true
	a.deleteLeftHooks()
	config, err := a.configuration()
	if err != nil {
		return err
	}
	uninstall := action.NewUninstall(config)
	uninstall.DisableHooks = a.request.GetOptions().GetDisableHooks()
	uninstall.Timeout = a.timeout()
	uninstall.WaitStrategy = a.strategy()
	uninstall.Description = a.request.GetDescription()
	uninstall.DeletionPropagation = "background"
	_, err = uninstall.Run(a.request.GetRelease().GetName())
	if found := a.objects.Failure(); found != nil && err != nil {
		err = found // The SDK says only that something failed.
	}
	return err
}

// deleteLeftHooks deletes the hooks of actions that were cut short, where their
// own policy would have deleted them: nobody came to it, and nobody will. What
// goes wrong with it is no reason to keep the release.
func (a *Action) deleteLeftHooks() {
	for _, stamp := range a.cut {
		record, err := a.claim.Secrets.Load(a.call.Context(), stamp.Base())
		if err != nil {
			continue
		}
		for _, hook := range record.Release.Hooks {
			err := a.deleteHook(hook, release.HookSucceeded)
			if hook.LastRun.Phase != release.HookPhaseSucceeded {
				err = errors.Join(err, a.deleteHook(hook, release.HookFailed))
			}
			if err != nil {
				a.progress("hooks", "what was left of a hook could not be deleted: "+err.Error())
			}
		}
	}
}

// wholeHistory reads the newest revision and, of the others, no more than
// their metadata: they are only purged.
func (a *Action) wholeHistory() ([]*history.Record, error) {
	ctx := a.call.Context()
	stamps, err := a.claim.Secrets.Stamps(ctx)
	if apierrors.IsNotFound(errors.Unwrap(err)) {
		return nil, nil
	}
	if err != nil || len(stamps) == 0 {
		return nil, err
	}
	if err := a.claim.CheckBase(stamps); err != nil {
		return nil, err
	}
	a.cut = slices.DeleteFunc(slices.Clone(stamps), func(one history.Stamp) bool { return !one.CutShort() })
	newest, deployed := history.Newest(stamps)
	record, err := a.claim.Secrets.Load(ctx, newest.Base())
	if err != nil {
		return nil, err
	}
	if deployed != nil && deployed.Revision != newest.Revision {
		a.addObjects(record.Release, *deployed)
	}
	records := make([]*history.Record, 0, len(stamps))
	for _, stamp := range stamps[:len(stamps)-1] {
		records = append(records, a.bare(stamp))
	}
	records = append(records, record)
	a.claim.Hold(records)
	return records, nil
}

// addObjects adds what the deployed revision has and a later, failed one has
// not: it is still in the cluster.
func (a *Action) addObjects(to *release.Release, deployed history.Stamp) {
	record, err := a.claim.Secrets.Load(a.call.Context(), deployed.Base())
	if err == nil {
		to.Manifest = strings.TrimRight(to.Manifest, "\n") + "\n" + record.Release.Manifest
	}
}

func (a *Action) bare(stamp history.Stamp) *history.Record {
	ref := a.request.GetRelease()
	rel := &release.Release{
		Name: ref.GetName(), Namespace: ref.GetNamespace(), Version: stamp.Revision,
		Info: &release.Info{Status: common.StatusSuperseded},
	}
	return &history.Record{Stamp: stamp, Release: rel}
}
