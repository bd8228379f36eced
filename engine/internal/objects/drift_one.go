package objects

import (
	"encoding/json"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	"helmward.dev/engine/internal/drift"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Annotations by which an object says that it may be as it likes.
var leaveAlone = []string{"helmward.dev/drift-detection", "helm.toolkit.fluxcd.io/driftDetection"}

func isLeftAlone(object *unstructured.Unstructured) bool {
	annotations := object.GetAnnotations()
	for _, name := range leaveAlone {
		if annotations[name] == "disabled" {
			return true
		}
	}
	return false
}

// seen is an object as the API server sent it.
type seen struct {
	*unstructured.Unstructured
	// managed has the fields as they were sent: what reads an object as a whole
	// puts them in another order.
	managed []metav1.ManagedFieldsEntry
}

func (c *Client) see(request cluster.Request) (*seen, error) {
	var body json.RawMessage
	if err := c.access.Do(c.ctx, request, &body); err != nil {
		return nil, err
	}
	found, fields := &seen{Unstructured: &unstructured.Unstructured{}}, &metav1.PartialObjectMetadata{}
	if err := found.UnmarshalJSON(body); err != nil {
		return nil, err
	}
	err := json.Unmarshal(body, fields)
	found.managed = fields.ManagedFields
	return found, err
}

// once looks at an object as it is at this moment; a version conflict says that
// it moved on meanwhile.
func (l *looking) once(info *resource.Info) (*pb.Divergence, error) {
	live, err := l.client.see(getRequest(info))
	if apierrors.IsNotFound(err) {
		return l.gone(info)
	}
	if err != nil {
		return nil, err
	}
	l.noted.Note(info, live.managed)
	marks := &metav1.PartialObjectMetadata{}
	marks.Labels, marks.Annotations = live.GetLabels(), live.GetAnnotations()
	switch owner := l.client.foreignOwner(marks, true); {
	case isLeftAlone(live.Unstructured):
		return nil, nil
	case owner != "":
		return problem("it is now %s", owner), nil
	case live.GetDeletionTimestamp() != nil:
		return problem("it is being deleted"), nil
	}
	return l.compare(info, live)
}

// gone is about an object that is not there: only the manifest can say that it
// may be away.
func (l *looking) gone(info *resource.Info) (*pb.Divergence, error) {
	if isLeftAlone(info.Object.(*unstructured.Unstructured)) {
		return nil, nil
	}
	found := &pb.Divergence{Gone: true}
	if !l.look.Correct {
		return found, nil
	}
	if err := l.confirm(); err != nil {
		return found, err
	}
	err := l.client.patch(info, version{})
	if err != nil && !failure.IsVersionConflict(err) {
		err = l.client.overcome(info, version{}, err)
	}
	found.Corrected = err == nil
	return found, err
}

// compare sets an object beside what an apply would make of it.
func (l *looking) compare(info *resource.Info, live *seen) (*pb.Divergence, error) {
	applied, err := l.rehearse(info, live)
	if err != nil {
		return nil, err
	}
	all := drift.Differences(live.Unstructured, applied.Unstructured, drift.FieldsOf(applied.managed, IsOurs))
	taken, kept := l.sort(info, live, all)
	if len(taken) == 0 {
		return nil, l.own(info, live, kept)
	}
	l.noted.Note(info, applied.managed)
	found := described(live, taken)
	if !l.look.Correct {
		return found, nil
	}
	if err := l.confirm(); err != nil {
		return found, err
	}
	err = l.client.restore(info, live, taken, kept)
	found.Corrected = err == nil
	return found, err
}
