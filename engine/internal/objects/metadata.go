package objects

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// checkMetadata refuses metadata that is no text where Kubernetes wants text.
// Whoever reads a map of labels of which one is `true` finds no labels at all,
// and the SDK would write its own over them.
func checkMetadata(object *unstructured.Unstructured) error {
	metadata, isMap := object.Object["metadata"].(map[string]any)
	if !isMap {
		return nil // The API server says what is wrong with it.
	}
	kind := object.GetKind()
	for _, field := range []string{"name", "generateName", "namespace"} {
		if err := checkText(kind, "metadata."+field, metadata[field]); err != nil {
			return err
		}
	}
	for _, field := range []string{"labels", "annotations"} {
		marks, isMap := metadata[field].(map[string]any)
		if !isMap && metadata[field] != nil {
			return fmt.Errorf("%s: metadata.%s is no map", kind, field)
		}
		for _, mark := range slices.Sorted(maps.Keys(marks)) {
			if err := checkText(kind, "metadata."+field+"."+mark, marks[mark]); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkText(kind, field string, value any) error {
	switch value.(type) {
	case nil, string:
		return nil
	case map[string]any, []any:
		return fmt.Errorf("%s: %s is no string", kind, field)
	default:
		return fmt.Errorf("%s: %s is %v and no string: quote it", kind, field, value)
	}
}
