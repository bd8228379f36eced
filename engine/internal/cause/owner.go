package cause

import (
	"encoding/json"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func isOf(object metav1.Object, owner types.UID) bool {
	controller := metav1.GetControllerOf(object)
	return controller != nil && controller.UID == owner
}

// revision counts the ReplicaSets of a Deployment.
func revision(set *appsv1.ReplicaSet) int {
	number, _ := strconv.Atoi(set.Annotations["deployment.kubernetes.io/revision"])
	return number
}

// selectorOf reads spec.selector; a ReplicationController's is labels alone.
func selectorOf(object *unstructured.Unstructured) *metav1.LabelSelector {
	spec, _ := object.Object["spec"].(map[string]any)
	text, err := json.Marshal(spec["selector"])
	if err != nil {
		return nil
	}
	selector := &metav1.LabelSelector{}
	if kindOf(object) == "ReplicationController" {
		err = json.Unmarshal(text, &selector.MatchLabels)
	} else {
		err = json.Unmarshal(text, selector)
	}
	if err != nil {
		return nil
	}
	return selector
}
