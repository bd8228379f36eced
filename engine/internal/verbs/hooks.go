package verbs

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// after is which hooks follow the wait of a revision that is still pending.
var after = map[common.Status]release.HookEvent{
	common.StatusPendingInstall:  release.HookPostInstall,
	common.StatusPendingUpgrade:  release.HookPostUpgrade,
	common.StatusPendingRollback: release.HookPostRollback,
}

// runHooks runs the hooks of an event as Helm does, one after the other. The
// SDK runs hooks only inside its own actions, which always make a revision.
func (a *Action) runHooks(rel *release.Release, event release.HookEvent) error {
	hooks := hooksOf(rel, event)
	for i, hook := range hooks {
		if err := a.runHook(rel, hook); err != nil {
			// As in Helm, what goes wrong with cleaning up does not hide why.
			_ = a.deleteHook(hook, release.HookFailed)
			for _, done := range hooks[:i] {
				_ = a.deleteHook(done, release.HookSucceeded)
			}
			return err
		}
	}
	for _, hook := range slices.Backward(hooks) {
		if err := a.deleteHook(hook, release.HookSucceeded); err != nil {
			return err
		}
	}
	return nil
}

// hooksOf lists an event's hooks by weight, then by name, each with its policy
// for deletion.
func hooksOf(rel *release.Release, event release.HookEvent) []*release.Hook {
	var hooks []*release.Hook
	for _, hook := range rel.Hooks {
		if !slices.Contains(hook.Events, event) {
			continue
		}
		if len(hook.DeletePolicies) == 0 {
			hook.DeletePolicies = []release.HookDeletePolicy{release.HookBeforeHookCreation}
		}
		hooks = append(hooks, hook)
	}
	slices.SortStableFunc(hooks, func(one, other *release.Hook) int {
		return cmp.Or(cmp.Compare(one.Weight, other.Weight), cmp.Compare(one.Name, other.Name))
	})
	return hooks
}

func (a *Action) runHook(rel *release.Release, hook *release.Hook) error {
	if err := a.deleteHook(hook, release.HookBeforeHookCreation); err != nil {
		return err
	}
	resources, err := a.objects.Build(bytes.NewBufferString(hook.Manifest), false)
	if err != nil {
		return fmt.Errorf("read hook %s: %w", hook.Path, err)
	}
	hook.LastRun = release.HookExecution{StartedAt: time.Now(), Phase: release.HookPhaseRunning}
	if err := a.claim.Update("", rel); err != nil {
		return err
	}
	err = a.startHook(resources)
	hook.LastRun.CompletedAt = time.Now()
	hook.LastRun.Phase = release.HookPhaseSucceeded
	if err != nil {
		hook.LastRun.Phase = release.HookPhaseFailed
	}
	return err
}

func (a *Action) startHook(resources kube.ResourceList) error {
	if _, err := a.objects.Create(resources); err != nil {
		return err
	}
	waiter, err := a.objects.GetWaiter(kube.HookOnlyStrategy)
	if err != nil {
		return err
	}
	return waiter.WatchUntilReady(resources, a.timeout())
}

// deleteHook deletes a hook if its policy says so for this moment. A CRD is
// never deleted: all of its kind would go with it.
func (a *Action) deleteHook(hook *release.Hook, moment release.HookDeletePolicy) error {
	if hook.Kind == "CustomResourceDefinition" || !slices.Contains(hook.DeletePolicies, moment) {
		return nil
	}
	resources, err := a.objects.Build(bytes.NewBufferString(hook.Manifest), false)
	if err != nil {
		return fmt.Errorf("read hook %s: %w", hook.Path, err)
	}
	if _, errs := a.objects.Delete(resources, metav1.DeletePropagationBackground); len(errs) > 0 {
		return errs[0]
	}
	waiter, err := a.objects.GetWaiter(kube.HookOnlyStrategy)
	if err != nil {
		return err
	}
	return waiter.WaitForDelete(resources, a.timeout())
}
