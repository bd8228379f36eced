package feeds

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// ofContainers is what is kept of a container's spec; what it runs and with
// which values is nobody's business here.
var ofContainers = []string{"name", "image", "restartPolicy"}

// trim drops what no wait looks at: most of an object.
func trim(object *unstructured.Unstructured) {
	unstructured.RemoveNestedField(object.Object, "metadata", "managedFields")
	unstructured.RemoveNestedField(object.Object, "metadata", "annotations", lastApplied)
	unstructured.RemoveNestedField(object.Object, "spec", "template")
	if object.GetKind() != "Pod" {
		return
	}
	spec, isMap := object.Object["spec"].(map[string]any)
	if !isMap {
		return
	}
	kept := map[string]any{}
	for _, field := range []string{"nodeName", "restartPolicy", "readinessGates", "schedulingGates"} {
		if value, found := spec[field]; found {
			kept[field] = value
		}
	}
	for _, field := range []string{"containers", "initContainers"} {
		if list, found := spec[field].([]any); found {
			kept[field] = containers(list)
		}
	}
	object.Object["spec"] = kept
}

func containers(list []any) []any {
	kept := make([]any, 0, len(list))
	for _, entry := range list {
		full, _ := entry.(map[string]any)
		one := map[string]any{}
		for _, field := range ofContainers {
			if value, found := full[field]; found {
				one[field] = value
			}
		}
		kept = append(kept, one)
	}
	return kept
}
