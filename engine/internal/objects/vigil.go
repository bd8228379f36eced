package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"helm.sh/helm/v4/pkg/kube"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/feeds"
)

const (
	// glance is how often a wait looks without news: some causes only need time.
	glance = 5 * time.Second
	// pollEvery is how often objects are read whose kind may not be watched.
	pollEvery = 3 * time.Second
	// lookTime is what one question at the side of a wait may take.
	lookTime = 5 * time.Second
)

// vigil is one wait for several objects. It runs in the goroutine of who
// waits; the feeds wake it.
type vigil struct {
	client *Client
	watch  []*watched
	pods   map[string]*feeds.Interest // by namespace
	begun  time.Time
	until  time.Time
	// onSight has a failed object end the wait at once, as with hooks.
	onSight bool
	// newer is closed when a newer state is asked for; nil for never.
	newer <-chan struct{}

	wake     chan struct{}
	settling settling
	// newest remembers which ReplicaSets were found current or not.
	newest map[string]bool
	polled time.Time
	told   int
}

// watched is one object that is waited for.
type watched struct {
	info     *resource.Info
	rules    rules
	interest *feeds.Interest
	// read is what polling found, where watching is forbidden.
	read *unstructured.Unstructured

	live  *unstructured.Unstructured
	state state
	words string
}

func (w *watched) name() string { return w.info.Mapping.GroupVersionKind.Kind + "/" + w.info.Name }

// errUnfinished says that there is still something to wait for.
var errUnfinished = errors.New("not ready yet")

// newVigil begins to listen; the caller closes it.
func (c *Client) newVigil(resources kube.ResourceList, of rules, until time.Time) (*vigil, error) {
	v := &vigil{
		client: c, begun: time.Now(), until: until, pods: map[string]*feeds.Interest{},
		wake: make(chan struct{}, 1), settling: settling{}, newest: map[string]bool{},
	}
	for _, info := range resources {
		v.watch = append(v.watch, &watched{info: info, rules: of})
	}
	for _, one := range v.watch { // From here on, feeds read the list.
		if err := v.listen(one); err != nil {
			v.close()
			return nil, err
		}
	}
	return v, nil
}

func (v *vigil) listen(one *watched) (err error) {
	info := one.info
	one.interest, err = v.follow(info.Mapping.Resource, info.Namespace, func(object *unstructured.Unstructured) bool {
		return object.GetName() == info.Name
	})
	if err != nil || !hasPods[info.Mapping.GroupVersionKind.GroupKind().String()] || v.pods[info.Namespace] != nil {
		return err
	}
	v.pods[info.Namespace], err = v.follow(podsResource, info.Namespace, v.concerns)
	return err
}

func (v *vigil) follow(of schema.GroupVersionResource, namespace string, about func(*unstructured.Unstructured) bool) (*feeds.Interest, error) {
	return v.client.Feeds.Follow(feeds.Wish{
		Identity: v.client.Identity, Resource: of, Namespace: namespace, About: about, Wake: v.wake,
	})
}

// concerns says whether a pod may be of a workload that is waited for. It is
// called by the feed too, so it reads what no longer changes.
func (v *vigil) concerns(pod *unstructured.Unstructured) bool {
	for _, one := range v.watch {
		if one.info.Namespace == pod.GetNamespace() &&
			mayOwn(one.info.Mapping.GroupVersionKind.Kind, one.info.Name, pod) {
			return true
		}
	}
	return false
}

func (v *vigil) close() {
	for _, one := range v.watch {
		if one.interest != nil {
			one.interest.Close()
		}
	}
	for _, pods := range v.pods {
		if pods != nil {
			pods.Close()
		}
	}
}

// keep waits until all are ready, one cannot become ready, or time is over.
func (v *vigil) keep() error {
	for {
		next, err := v.look(time.Now())
		if !errors.Is(err, errUnfinished) {
			return err
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-v.wake:
		case <-timer.C:
		case <-v.newer:
			timer.Stop()
			return errNewer
		case <-v.client.ctx.Done():
			timer.Stop()
			return context.Cause(v.client.ctx)
		}
		timer.Stop()
	}
}

// look says where the wait stands, and when to look again without news.
func (v *vigil) look(now time.Time) (time.Time, error) {
	if err := v.poll(now); err != nil {
		return now, err
	}
	heard := v.hasHeard() // Before judging: what comes after is not judged on.
	for _, one := range v.watch {
		one.judge()
	}
	left := v.unready()
	if len(left) == 0 {
		return now, nil
	}
	v.tell(len(v.watch)-len(left), left)
	next := earliest(now.Add(glance), v.until)
	due, err := v.hopeless(left, now)
	if err != nil {
		return now, err
	}
	next = earliest(next, due)
	if v.isPolling() {
		next = earliest(next, now.Add(pollEvery))
	}
	if now.Before(v.until) {
		return next, errUnfinished
	}
	// Time is over, but a first look everybody gets.
	if !heard && (now.Before(v.until.Add(lookTime)) || now.Before(v.begun.Add(lookTime))) {
		return now.Add(50 * time.Millisecond), errUnfinished
	}
	return now, errOverdue
}

var (
	errOverdue = errors.New("time is over")
	errNewer   = errors.New("a newer state is asked for")
)

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

// judge reads one object's state off what was heard of it last.
func (w *watched) judge() {
	w.live = w.read
	if w.interest.Refusal() == nil {
		w.live = w.interest.Get(w.info.Name)
	}
	switch {
	case w.live == nil && w.interest.Refusal() == nil && !w.interest.Synced():
		w.state, w.words = progressing, "nothing was heard of it yet"
	case w.live == nil:
		w.state, w.words = progressing, "it does not exist"
	case isOld(w.live, w.info.ResourceVersion):
		w.live, w.state, w.words = nil, progressing, "nothing was heard of it yet"
	default:
		w.state, w.words = w.rules(w.live)
	}
}

func (v *vigil) unready() []*watched {
	var left []*watched
	for _, one := range v.watch {
		if one.state != ready {
			left = append(left, one)
		}
	}
	return left
}

// hasHeard says whether every object was looked at.
func (v *vigil) hasHeard() bool {
	for _, one := range v.watch {
		if one.interest.Refusal() == nil && !one.interest.Synced() {
			return false
		}
	}
	return true
}

func (v *vigil) isPolling() bool {
	for _, one := range v.watch {
		if one.interest.Refusal() != nil {
			return true
		}
	}
	return false
}

// poll reads what may be read and not watched. What may not even be read has
// no hope; an API server that is away is asked again.
func (v *vigil) poll(now time.Time) error {
	if !v.isPolling() || now.Sub(v.polled) < pollEvery {
		return nil
	}
	v.polled = now
	for _, one := range v.watch {
		if one.interest.Refusal() == nil {
			continue
		}
		live := &unstructured.Unstructured{}
		err := v.client.access.Do(v.client.ctx, getRequest(one.info), live)
		switch {
		case err == nil:
			one.read = live
		case apierrors.IsNotFound(err):
			one.read = nil
		case apierrors.IsForbidden(err):
			return failure.New(pb.Failure_FORBIDDEN, "cannot wait for %s: it may be neither watched nor read: %w",
				one.name(), err)
		}
	}
	return nil
}

// tell speaks when something became ready.
func (v *vigil) tell(count int, left []*watched) {
	if v.newer == nil || count == v.told {
		return
	}
	v.told = count
	v.client.Progress("waiting", fmt.Sprintf("%d/%d ready, %s: %s", count, len(v.watch), left[0].name(), left[0].words))
}
