package objects

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"helmward.dev/engine/internal/cause"
	pb "helmward.dev/engine/internal/enginepb"
)

var podsResource = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

// revisionAnnotation counts a Deployment's revisions, on it and on its
// ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// hasPods are the kinds whose pods tell why they are not ready.
var hasPods = map[string]bool{
	"Deployment.apps": true, "StatefulSet.apps": true, "DaemonSet.apps": true, "ReplicaSet.apps": true,
	"ReplicationController": true, "Job.batch": true,
}

// mayOwn says whether a pod may be of a workload, by the names alone. That a
// Deployment owns by way of a ReplicaSet shows in the name.
func mayOwn(kind, name string, pod *unstructured.Unstructured) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	switch {
	case owner == nil:
		return false
	case kind == "Deployment":
		return owner.Kind == "ReplicaSet" && strings.HasPrefix(owner.Name, name+"-")
	default:
		return owner.Kind == kind && owner.Name == name
	}
}

// suspicion is a pod that keeps a workload from being ready.
type suspicion struct {
	workload *unstructured.Unstructured
	pod      *unstructured.Unstructured
	cause    *pb.Cause
}

func (s *suspicion) key() string { return string(s.pod.GetUID()) + "/" + s.cause.GetReason() }

// suspect looks at one pod of a workload; nil when it is not to blame.
func suspect(workload, given *unstructured.Unstructured, now time.Time) *suspicion {
	if given.GetDeletionTimestamp() != nil {
		return nil
	}
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(given.Object, pod); err != nil {
		return nil
	}
	found := cause.OfPod(pod, now)
	if found == nil {
		return nil
	}
	// A Job counts its pods' crashes itself, and has its own limit.
	if workload.GetKind() == "Job" && (pod.Status.Phase == corev1.PodFailed || crashed(found)) {
		found.Hopeless = false
	}
	found.Object = workload.GetKind() + "/" + workload.GetName()
	found.Namespace = given.GetNamespace()
	return &suspicion{workload, given, found}
}

func crashed(found *pb.Cause) bool {
	return found.GetReason() == "CrashLoopBackOff" || found.ExitCode != nil
}

// isCurrent says whether a pod is of the revision that is waited for: a pod of
// the one before may fail as it likes.
func (v *vigil) isCurrent(s *suspicion) bool {
	owner := metav1.GetControllerOfNoCopy(s.pod)
	if s.pod == s.workload {
		return true
	}
	if owner == nil {
		return false
	}
	switch s.workload.GetKind() {
	case "Deployment":
		return v.isOfNewest(s.workload, owner)
	case "StatefulSet":
		newest, _, _ := unstructured.NestedString(s.workload.Object, "status", "updateRevision")
		return owner.UID == s.workload.GetUID() && s.pod.GetLabels()["controller-revision-hash"] == newest
	case "DaemonSet":
		newest := s.workload.GetAnnotations()["deprecated.daemonset.template.generation"]
		its := s.pod.GetLabels()["pod-template-generation"]
		return owner.UID == s.workload.GetUID() && (newest == "" || its == "" || its == newest)
	default:
		return owner.UID == s.workload.GetUID()
	}
}

// isOfNewest reads the ReplicaSet, once for each revision of its Deployment.
func (v *vigil) isOfNewest(deployment *unstructured.Unstructured, owner *metav1.OwnerReference) bool {
	revision := deployment.GetAnnotations()[revisionAnnotation]
	asked := string(owner.UID) + "/" + revision
	if known, found := v.newest[asked]; found {
		return known
	}
	ctx, cancel := context.WithTimeout(v.client.ctx, lookTime)
	defer cancel()
	set, err := v.client.access.Metadata(ctx,
		"/apis/apps/v1/namespaces/"+deployment.GetNamespace()+"/replicasets/"+owner.Name)
	if err != nil {
		return false // Not blamed without proof; asked again at the next look.
	}
	above := metav1.GetControllerOf(set)
	v.newest[asked] = above != nil && above.UID == deployment.GetUID() &&
		set.UID == owner.UID && set.Annotations[revisionAnnotation] == revision
	return v.newest[asked]
}
