package objects

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/drift"
	pb "helmward.dev/engine/internal/enginepb"
)

// sort tells what somebody took from us from what stays as it is live: what
// admission or defaulting set, what may differ, what another rightly owns.
func (l *looking) sort(info *resource.Info, live *seen, all []drift.Change) (taken, kept []drift.Change) {
	held := drift.FieldsOf(live.managed, isRevisions)
	ignored := l.look.Rules.For(info.Object.(*unstructured.Unstructured))
	for _, one := range all {
		switch {
		case one.IsOurs(held), ignored.Covers(one), l.isScaled(info, live, one):
			kept = append(kept, one)
		case l.isNew(one):
		default:
			taken = append(taken, one)
		}
	}
	return taken, kept
}

// isRevisions says whose fields count as the revision's: ours, and those of
// Helm's own programs, which wrote releases that we have taken over.
func isRevisions(entry metav1.ManagedFieldsEntry) bool {
	return IsOurs(entry) || entry.Subresource == "" && helms[entry.Manager]
}

var helms = map[string]bool{"helm": true, "helm-controller": true, "helm-operator": true, "Go-http-client": true}

// isNew says whether it is an annotation that we put on all objects, and that the
// next action brings: a release that was taken over never had it.
func (l *looking) isNew(one drift.Change) bool {
	if one.Live != nil || !slices.Equal(one.Path[:len(one.Path)-1], []string{"metadata", "annotations"}) {
		return false
	}
	_, isOurs := l.client.Annotations[one.Path[len(one.Path)-1]]
	return isOurs
}

// isScaled says whether it is the number of replicas that an autoscaler keeps.
func (l *looking) isScaled(info *resource.Info, live *seen, one drift.Change) bool {
	if !slices.Equal(one.Path, []string{"spec", "replicas"}) {
		return false
	}
	found, err := l.scalers.scale(info)
	if err == nil {
		return found
	}
	author := drift.Author(live.managed, one, isRevisions)
	return author != nil && author.Manager == "kube-controller-manager" && author.Subresource == "scale"
}

// described is what is told of an object that is not as it should be.
func described(live *seen, taken []drift.Change) *pb.Divergence {
	found := &pb.Divergence{}
	for _, one := range drift.Told(taken) {
		change := &pb.FieldChange{
			Path:    drift.Pointer(one.Path),
			Desired: drift.Shown(live.Unstructured, one, one.Desired),
			Live:    drift.Shown(live.Unstructured, one, one.Live),
		}
		if author := drift.Author(live.managed, one, isRevisions); author != nil {
			change.Manager, change.Operation = author.Manager, string(author.Operation)
			change.Subresource = author.Subresource
			if author.Time != nil {
				change.AtUnixMs = author.Time.UnixMilli()
			}
		}
		found.Changes = append(found.Changes, change)
	}
	return found
}
