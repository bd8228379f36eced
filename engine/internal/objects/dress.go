package objects

import (
	"encoding/base64"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

// dressed is an object as it is sent: what the manifest says and, on a release's
// objects, the annotations that every one of them gets. Being applied by us,
// they go again when they are no longer asked for.
func (c *Client) dressed(info *resource.Info) *unstructured.Unstructured {
	object := info.Object.(*unstructured.Unstructured).DeepCopy()
	encodeText(object)
	if len(c.Annotations) == 0 || !isReleaseObject(info) {
		return object
	}
	annotations := object.GetAnnotations()
	maps.Copy(annotations, c.Annotations)
	object.SetAnnotations(annotations)
	return object
}

// encodeText moves a Secret's stringData to data, where the API server puts it.
// As stringData it would be noted as ours under a name that no live object has:
// a key dropped later would stay, and whoever changes one would take nothing.
func encodeText(object *unstructured.Unstructured) {
	text, _, err := unstructured.NestedStringMap(object.Object, "stringData")
	if len(text) == 0 || err != nil || object.GroupVersionKind().GroupKind() != (schema.GroupKind{Kind: "Secret"}) {
		return
	}
	data, found, err := unstructured.NestedMap(object.Object, "data")
	if err != nil && found {
		return
	}
	if data == nil {
		data = map[string]any{}
	}
	for name, value := range text {
		data[name] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	delete(object.Object, "stringData")
	object.Object["data"] = data
}

// validation is how strictly the API server reads an object's fields.
func (c *Client) validation() string {
	if c.AnyFields {
		return metav1.FieldValidationIgnore
	}
	return metav1.FieldValidationStrict
}
