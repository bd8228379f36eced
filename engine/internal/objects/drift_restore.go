package objects

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

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

// restore applies an object but for what is kept as it is live.
func (c *Client) restore(info *resource.Info, live *seen, taken, kept []drift.Change) error {
	object := c.dressed(info)
	ours := drift.FieldsOf(live.managed, IsOurs)
	for _, one := range kept {
		if !one.SharesItem(taken) {
			drift.Keep(object.Object, one, one.IsOurs(ours))
		}
	}
	if err := c.send(info, object, version{string(live.GetUID()), live.GetResourceVersion()}); err != nil {
		return err
	}
	// The next action looks again: there may be fields of Helm's to take over.
	c.versions.put(c.release(), key(info), version{})
	return nil
}
