package objects

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/feeds"
)

// Waits is what a client needs for waiting.
type Waits struct {
	Feeds    *feeds.Feeds
	Identity call.Identity
	// Begun notes in storage that the release only waits, and until when.
	Begun func(until time.Time) error
	// Newer is closed once a newer state is asked for; nil for never.
	Newer <-chan struct{}
	// GivenUp notes that the wait ends because of that, and says so.
	GivenUp func() error
}

// GetWaiter gives the waiter of this action; nothing is watched before there is
// something to wait for.
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

// Wait waits for a release's objects, or for the CRDs of a crds/ folder.
func (w *waiter) Wait(resources kube.ResourceList, timeout time.Duration) error {
	return w.wait(resources, asRelease, timeout)
}

// WaitWithJobs waits for Jobs to be done too.
func (w *waiter) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return w.wait(resources, withJobs, timeout)
}

func (w *waiter) wait(resources kube.ResourceList, of rules, timeout time.Duration) (err error) {
	defer rescue(&err)
	if w.strategy == kube.HookOnlyStrategy || len(resources) == 0 {
		return nil
	}
	until := time.Now().Add(timeout)
	if isReleaseObject(resources[0]) {
		return w.client.waitForRelease(resources, of, until, timeout)
	}
	w.client.Progress("applying", fmt.Sprintf("%d CustomResourceDefinitions to be served", len(resources)))
	return w.client.await(resources, of, until, nil, "after "+short(timeout))
}

// waitForRelease is the wait that storage knows of, so that another process
// can go on with it, and that ends when a newer state is asked for.
func (c *Client) waitForRelease(resources kube.ResourceList, of rules, until time.Time, timeout time.Duration) error {
	select {
	case <-c.Newer:
		return c.GivenUp()
	default:
	}
	wanted := resources.Filter(isWaitedFor)
	if len(wanted) == 0 {
		return nil
	}
	if err := c.Begun(until); err != nil {
		return err
	}
	return c.awaitRelease(wanted, of, until, "after "+short(timeout))
}

// GoOnWaiting waits for the objects of a stored manifest until a time that may
// have passed: then it looks once.
func (c *Client) GoOnWaiting(resources kube.ResourceList, until time.Time) (err error) {
	defer rescue(&err)
	wanted := resources.Filter(isWaitedFor)
	return c.awaitRelease(wanted, asRelease, until, "by "+until.UTC().Format(time.RFC3339))
}

func (c *Client) awaitRelease(wanted kube.ResourceList, of rules, until time.Time, when string) error {
	c.Progress("waiting", fmt.Sprintf("%d objects", len(wanted)))
	err := c.await(wanted, of, until, c.Newer, when)
	if errors.Is(err, errNewer) {
		return c.GivenUp()
	}
	return err
}

func (c *Client) await(wanted kube.ResourceList, of rules, until time.Time, newer <-chan struct{}, when string) error {
	if len(wanted) == 0 {
		return nil
	}
	v, err := c.newVigil(wanted, of, until)
	if err != nil {
		return err
	}
	defer v.close()
	v.newer = newer
	if err = v.keep(); errors.Is(err, errOverdue) {
		return v.overdue(when)
	}
	return err
}

// WatchUntilReady waits for a hook. Only Jobs and Pods have something to wait
// for; any other hook has run once it exists.
func (w *waiter) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) (err error) {
	defer rescue(&err)
	running := resources.Filter(func(info *resource.Info) bool {
		kind := info.Mapping.GroupVersionKind.Kind
		return kind == "Job" || kind == "Pod"
	})
	if len(running) == 0 || w.client.namespaceGone.Load() {
		return nil
	}
	w.client.Progress("hooks", hookName(running[0])+" is running")
	err = w.client.awaitRun(running, timeout)
	if err == nil || w.client.ctx.Err() != nil {
		return err
	}
	return hookFailed(running[0], err)
}

func (c *Client) awaitRun(running kube.ResourceList, timeout time.Duration) error {
	v, err := c.newVigil(running, asRun, time.Now().Add(timeout))
	if err != nil {
		return err
	}
	defer v.close()
	v.onSight = true
	if err = v.keep(); errors.Is(err, errOverdue) {
		return v.overdue("after " + short(timeout))
	}
	return err
}

// WaitForDelete waits for objects to be gone: a hook's before it is created
// anew, a release's when that was asked for. Most are gone at the first look,
// so nothing is watched.
func (w *waiter) WaitForDelete(resources kube.ResourceList, timeout time.Duration) (err error) {
	defer rescue(&err)
	isHooks := len(resources) > 0 && isHook(resources[0])
	if w.strategy == kube.HookOnlyStrategy && !isHooks {
		return nil
	}
	until := time.Now().Add(timeout)
	remaining, err := w.client.remaining(resources)
	if err != nil || len(remaining) == 0 {
		return err
	}
	phase := "waiting"
	if isHooks {
		phase = "hooks"
	}
	w.client.Progress(phase, fmt.Sprintf("%d objects to be gone", len(remaining)))
	for pause := 50 * time.Millisecond; len(remaining) > 0; pause = min(2*pause, 2*time.Second) {
		if !time.Now().Before(until) {
			return failure.New(pb.Failure_TIMEOUT, "not gone after %s: %s", short(timeout), names(remaining))
		}
		if err := w.client.pauseFor(min(pause, time.Until(until))); err != nil {
			return err
		}
		if left, err := w.client.remaining(remaining); err == nil {
			remaining = left
		} else if !failure.IsAbout(err, pb.Failure_CLUSTER_UNAVAILABLE) {
			return err
		}
	}
	return nil
}

func (c *Client) pauseFor(length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
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

func names(resources kube.ResourceList) string {
	var all []string
	for _, info := range resources {
		all = append(all, hookName(info))
	}
	return join(all)
}

func hookName(info *resource.Info) string {
	return info.Mapping.GroupVersionKind.Kind + "/" + info.Name
}

// hookFailed names the hook, once.
func hookFailed(info *resource.Info, err error) error {
	words := strings.TrimPrefix(err.Error(), hookName(info)+": ")
	f := failure.Blaming(pb.Failure_HOOK_FAILED, failure.CauseOf(err), "hook %s: %w", hookName(info), err)
	f.Message = "hook " + hookName(info) + ": " + words
	return f
}
