package objects

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
)

// dressed is an object as it is sent: what the manifest says and, on a release's
// objects, the annotations that every one of them gets. Being applied by us,
// they go again when they are no longer asked for.
func (c *Client) dressed(info *resource.Info) *unstructured.Unstructured {
	object := info.Object.(*unstructured.Unstructured).DeepCopy()
	if len(c.Annotations) == 0 || !isReleaseObject(info) {
		return object
	}
	annotations := object.GetAnnotations()
	maps.Copy(annotations, c.Annotations)
	object.SetAnnotations(annotations)
	return object
}

// validation is how strictly the API server reads an object's fields.
func (c *Client) validation() string {
	if c.AnyFields {
		return metav1.FieldValidationIgnore
	}
	return metav1.FieldValidationStrict
}
