package objects

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"helmward.dev/engine/internal/cause"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// hopeless ends a wait for what cannot become ready: an object that says so
// itself, or a workload whose pod has a cause that time does not mend.
func (v *vigil) hopeless(left []*watched, now time.Time) (time.Time, error) {
	verdicts := map[string]func() error{}
	var keys []string
	note := func(key string, verdict func() error) {
		keys = append(keys, key)
		verdicts[key] = verdict
	}
	for _, one := range left {
		if one.live == nil {
			continue
		}
		if one.state == failed {
			verdict := func() error { return v.ofObject(one) }
			if v.onSight {
				return now, verdict()
			}
			note(string(one.live.GetUID()), verdict)
		}
		for _, found := range v.suspicions(one, now) {
			if found.cause.GetHopeless() && v.isCurrent(found) {
				note(found.key(), func() error { return v.ofPod(found) })
			}
		}
	}
	settled, next := v.settling.settle(keys, now)
	if settled != "" {
		return now, verdicts[settled]()
	}
	return next, nil
}

// suspicions are the pods that keep an object from being ready.
func (v *vigil) suspicions(of *watched, now time.Time) []*suspicion {
	if of.info.Mapping.Resource == podsResource {
		if found := suspect(of.live, of.live, now); found != nil {
			return []*suspicion{found}
		}
		return nil
	}
	pods := v.pods[of.info.Namespace]
	if pods == nil {
		return nil
	}
	var all []*suspicion
	pods.Each(func(pod *unstructured.Unstructured) {
		if !mayOwn(of.info.Mapping.GroupVersionKind.Kind, of.info.Name, pod) {
			return
		}
		if found := suspect(of.live, pod, now); found != nil {
			all = append(all, found)
		}
	})
	return all
}

// ofObject is the verdict on an object that failed by its own words.
func (v *vigil) ofObject(one *watched) error {
	found := v.find([]*unstructured.Unstructured{one.live})
	if found == nil {
		return failure.New(pb.Failure_NOT_READY, "%s: %s", one.name(), one.words)
	}
	return failure.Blaming(pb.Failure_NOT_READY, found, "%s", cause.Words(found))
}

// ofPod is the verdict on a pod: what it says of itself, with what its log and
// its events add.
func (v *vigil) ofPod(found *suspicion) error {
	why := v.ask(found)
	why.Hopeless = true
	return failure.Blaming(pb.Failure_NOT_READY, why, "%s", cause.Words(why))
}

func (v *vigil) ask(about *suspicion) *pb.Cause {
	why := v.find([]*unstructured.Unstructured{about.pod})
	if why == nil || why.GetReason() != about.cause.GetReason() {
		return about.cause
	}
	why.Object, why.Namespace = about.cause.GetObject(), about.cause.GetNamespace()
	return why
}

// overdue is what a wait ends with whose time is over.
func (v *vigil) overdue(when string) error {
	left := v.unready()
	why := v.firstCause(left)
	if why != nil {
		return failure.Blaming(pb.Failure_TIMEOUT, why, "not ready %s: %s", when, cause.Words(why))
	}
	return failure.New(pb.Failure_TIMEOUT, "not ready %s: %s", when, describe(left))
}

// firstCause prefers a pod of the revision that is waited for; only then
// whatever else can be found about what is not ready.
func (v *vigil) firstCause(left []*watched) *pb.Cause {
	var objects []*unstructured.Unstructured
	for _, one := range left {
		if one.live == nil {
			continue
		}
		objects = append(objects, one.live)
		for _, found := range v.suspicions(one, time.Now()) {
			if v.isCurrent(found) {
				return v.ask(found)
			}
		}
	}
	if len(objects) == 0 {
		return nil
	}
	return v.find(objects)
}

// find asks the cluster, but not for long: the verdict stands already.
func (v *vigil) find(objects []*unstructured.Unstructured) *pb.Cause {
	ctx, cancel := context.WithTimeout(v.client.ctx, lookTime)
	defer cancel()
	return cause.Find(ctx, v.client.access, objects)
}

const mostNamed = 5

// describe names what is not ready, in its own words.
func describe(left []*watched) string {
	var words []string
	for i, one := range left {
		if i == mostNamed {
			words = append(words, fmt.Sprintf("and %d more", len(left)-mostNamed))
			break
		}
		words = append(words, one.name()+": "+one.words)
	}
	return strings.Join(words, "; ")
}

// short is a duration without what is zero in it: 5m, not 5m0s.
func short(length time.Duration) string {
	text := length.Round(time.Millisecond).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
