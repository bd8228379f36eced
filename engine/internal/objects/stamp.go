package objects

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// fenceAnnotation names the writer who last broke another's claim.
const fenceAnnotation = "helmward.dev/fence"

// stamp makes sure that writing an object moves its version, even where the
// content is what is there already: a late write of the former writer, who knows
// the version before, then misses. The annotation is applied like all else, so
// the next action that does not stamp takes it off again.
func (c *Client) stamp(object *unstructured.Unstructured) {
	if c.Stamp == "" {
		return
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[fenceAnnotation] = c.Stamp
	object.SetAnnotations(annotations)
}
