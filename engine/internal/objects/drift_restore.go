package objects

import (
	"encoding/json"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	"helmward.dev/engine/internal/drift"
)

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
