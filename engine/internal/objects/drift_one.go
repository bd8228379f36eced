package objects

import (
	"encoding/json"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	"helmward.dev/engine/internal/drift"
	pb "helmward.dev/engine/internal/enginepb"
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
		return nil, nil
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

// rehearse asks what an apply would make of an object; nothing is stored.
func (l *looking) rehearse(info *resource.Info, live *seen) (*seen, error) {
	c := l.client
	at := version{string(live.GetUID()), live.GetResourceVersion()}
	applied, err := c.rehearsed(info, at)
	if err != nil && c.withoutUnknown(info, at, err) == nil {
		return c.rehearsed(info, at)
	}
	return applied, err
}

func (c *Client) rehearsed(info *resource.Info, at version) (*seen, error) {
	request, err := c.application(info, c.dressed(info), at)
	if err != nil {
		return nil, err
	}
	request.Accept, request.Query["dryRun"] = "", metav1.DryRunAll
	return c.see(request)
}

// application is the request that applies an object over one that is there.
func (c *Client) application(info *resource.Info, object *unstructured.Unstructured, at version) (cluster.Request, error) {
	object.SetManagedFields(nil)
	object.SetUID(typesUID(at.uid))
	object.SetResourceVersion(at.resourceVersion)
	body, err := json.Marshal(object.Object)
	return cluster.Request{
		Verb: http.MethodPatch, Path: path(info), Type: "application/apply-patch+yaml", Body: body,
		Query: map[string]string{
			"fieldManager": FieldManager, "fieldValidation": c.validation(), "force": "true",
		},
		Accept: cluster.MetadataOnly,
	}, err
}

// restore applies an object but for what is kept as it is live.
func (c *Client) restore(info *resource.Info, live *seen, taken, kept []drift.Change) error {
	object := c.dressed(info)
	ours := drift.FieldsOf(live.managed, IsOurs)
	for _, one := range kept {
		if !one.SharesItem(taken) {
			drift.Keep(object.Object, one, one.IsOurs(ours))
		}
	}
	request, err := c.application(info, object, version{string(live.GetUID()), live.GetResourceVersion()})
	if err != nil {
		return err
	}
	reply := &metav1.PartialObjectMetadata{}
	if err := c.access.Do(c.ctx, request, reply); err != nil {
		return err
	}
	c.remember(info, reply)
	// The next action looks again: there may be fields of Helm's to take over.
	c.versions.put(c.release(), key(info), version{})
	return nil
}
