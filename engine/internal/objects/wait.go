package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// GetWaiter gives the waiter of this action, whatever strategy is named: the
// SDK's own is made only when there is something to wait for.
func (c *Client) GetWaiter(strategy kube.WaitStrategy) (kube.Waiter, error) {
	return c.GetWaiterWithOptions(strategy)
}

// GetWaiterWithOptions is GetWaiter; the options are those we gave the SDK.
func (c *Client) GetWaiterWithOptions(strategy kube.WaitStrategy, _ ...kube.WaitOption) (kube.Waiter, error) {
	return &waiter{client: c, strategy: strategy}, nil
}

type waiter struct {
	client   *Client
	strategy kube.WaitStrategy
}

func (w *waiter) watcher() (kube.Waiter, error) {
	return w.client.sdk.GetWaiterWithOptions(kube.StatusWatcherStrategy,
		kube.WithWaitContext(w.client.ctx))
}

// Wait waits for a release's objects, or for the CRDs of a crds/ folder.
func (w *waiter) Wait(resources kube.ResourceList, timeout time.Duration) error {
	if w.strategy == kube.HookOnlyStrategy || len(resources) == 0 {
		return nil
	}
	w.client.Progress("waiting", fmt.Sprintf("%d objects", len(resources)))
	return w.wait(timeout, func(watcher kube.Waiter) error { return watcher.Wait(resources, timeout) })
}

// WaitWithJobs waits for Jobs too.
func (w *waiter) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	if w.strategy == kube.HookOnlyStrategy || len(resources) == 0 {
		return nil
	}
	w.client.Progress("waiting", fmt.Sprintf("%d objects", len(resources)))
	return w.wait(timeout, func(watcher kube.Waiter) error { return watcher.WaitWithJobs(resources, timeout) })
}

func (w *waiter) wait(timeout time.Duration, do func(kube.Waiter) error) (err error) {
	defer rescue(&err)
	watcher, err := w.watcher()
	if err != nil {
		return err
	}
	err = do(watcher)
	if err != nil && w.client.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return failure.New(pb.Failure_TIMEOUT, "not ready after %s: %w", timeout, err)
	}
	return err
}

// WaitForDelete waits for objects to be gone: a hook's before it is created
// anew, a release's when that was asked for.
func (w *waiter) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	isHooks := len(resources) > 0 && isHook(resources[0])
	if w.strategy == kube.HookOnlyStrategy && !isHooks {
		return nil
	}
	remaining, err := w.client.remaining(resources)
	if err != nil || len(remaining) == 0 {
		return err
	}
	w.client.Progress("waiting", fmt.Sprintf("%d objects to be gone", len(remaining)))
	return w.wait(timeout, func(watcher kube.Waiter) error { return watcher.WaitForDelete(remaining, timeout) })
}

// remaining are the objects that still exist. A hook that was never there was
// not deleted either, so its absence is known without a request.
func (c *Client) remaining(resources kube.ResourceList) (kube.ResourceList, error) {
	var found kube.ResourceList
	for _, info := range resources {
		if _, absent := c.knownAbsent.Load(key(info)); absent {
			continue
		}
		_, err := c.access.Metadata(c.ctx, path(info))
		switch {
		case err == nil:
			found = append(found, info)
		case !apierrors.IsNotFound(err):
			return nil, err
		}
	}
	return found, nil
}

// WatchUntilReady waits for a hook. Only Jobs and Pods have something to wait
// for; any other hook has run once it exists.
func (w *waiter) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	running := resources.Filter(func(info *resource.Info) bool {
		kind := info.Mapping.GroupVersionKind.Kind
		return kind == "Job" || kind == "Pod"
	})
	if len(running) == 0 || w.client.namespaceGone.Load() {
		return nil
	}
	w.client.Progress("hooks", hookName(running[0])+" is running")
	err := w.wait(timeout, func(watcher kube.Waiter) error { return watcher.WatchUntilReady(running, timeout) })
	if err == nil || w.client.ctx.Err() != nil {
		return err
	}
	return hookFailed(running[0], w.client.whyFailed(running[0], err))
}

// whyFailed prefers what a Job says of itself over what a waiter saw of it.
func (c *Client) whyFailed(info *resource.Info, err error) error {
	live := &unstructured.Unstructured{}
	if reading := c.access.Do(c.ctx, getRequest(info), live); reading != nil {
		return err
	}
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		if condition["type"] == "Failed" && condition["status"] == string(metav1.ConditionTrue) {
			return fmt.Errorf("%v: %v", condition["reason"], condition["message"])
		}
	}
	if reason, _, _ := unstructured.NestedString(live.Object, "status", "reason"); reason != "" {
		return fmt.Errorf("%s: %w", reason, err)
	}
	return err
}

func hookName(info *resource.Info) string {
	return info.Mapping.GroupVersionKind.Kind + "/" + info.Name
}

func hookFailed(info *resource.Info, cause error) error {
	return failure.New(pb.Failure_HOOK_FAILED, "hook %s: %w", hookName(info), cause)
}
