package cause

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// overdue is how long after its grace period a deleted pod counts as stuck.
const overdue = 30 * time.Second

// inPod looks in the order in which a pod comes to life.
func inPod(pod *corev1.Pod, now time.Time) *finding {
	if pod == nil {
		return nil
	}
	found := stateOf(pod, now)
	if found == nil {
		return nil
	}
	found.cause.Object = "Pod/" + pod.Name
	found.cause.Namespace, found.cause.Pod = pod.Namespace, pod.Name
	found.about = []types.UID{pod.UID}
	return found
}

func stateOf(pod *corev1.Pod, now time.Time) *finding {
	switch {
	case pod.DeletionTimestamp != nil:
		return leaving(pod, now)
	case pod.Status.Phase == corev1.PodSucceeded:
		return nil
	case pod.Status.Phase == corev1.PodFailed:
		return failed(pod)
	case isTrue(pod, corev1.PodReady):
		return nil
	}
	if found := unscheduled(pod, now); found != nil {
		return found
	}
	if found := inContainers(pod, now); found != nil {
		return found
	}
	if found := gated(pod); found != nil {
		return found
	}
	return tell(starting, "Pending", "the pod has not started yet")
}

// leaving: the timestamp of a deletion already counts the grace period.
func leaving(pod *corev1.Pod, now time.Time) *finding {
	if now.Sub(pod.DeletionTimestamp.Time) < overdue {
		return nil
	}
	message := "the pod was to be gone by " + pod.DeletionTimestamp.UTC().Format(time.RFC3339)
	if len(pod.Finalizers) > 0 {
		message += "; finalizers: " + strings.Join(pod.Finalizers, ", ")
	}
	return tell(broken, "Terminating", message)
}

// failed: the pod ended for good. One that nobody controls is not replaced.
func failed(pod *corev1.Pod) *finding {
	ended := endOf(pod)
	if metav1.GetControllerOf(pod) != nil {
		ended.rank = replaced
		return ended
	}
	return ended.hopelessIf(true)
}

func endOf(pod *corev1.Pod) *finding {
	if reason := pod.Status.Reason; reason != "" { // Evicted, DeadlineExceeded, NodeLost ...
		return tell(broken, reason, pod.Status.Message)
	}
	for _, each := range containersOf(pod) {
		if ended := each.status.State.Terminated; ended != nil && ended.ExitCode != 0 {
			return each.terminated()
		}
	}
	if target := condition(pod, corev1.DisruptionTarget); target != nil && target.Status == corev1.ConditionTrue {
		return tell(broken, target.Reason, target.Message)
	}
	return tell(broken, "Failed", pod.Status.Message)
}

func unscheduled(pod *corev1.Pod, now time.Time) *finding {
	scheduled := condition(pod, corev1.PodScheduled)
	if scheduled == nil || scheduled.Status != corev1.ConditionFalse {
		return nil
	}
	since := scheduled.LastTransitionTime.Time
	if since.IsZero() {
		since = pod.CreationTimestamp.Time
	}
	isFinal := scheduled.Reason == corev1.PodReasonUnschedulable && now.Sub(since) > patienceForNodes
	return tell(broken, scheduled.Reason, scheduled.Message).hopelessIf(isFinal)
}

// gated: the containers are ready, and someone else has not said yes yet.
func gated(pod *corev1.Pod) *finding {
	for _, gate := range pod.Spec.ReadinessGates {
		if isTrue(pod, gate.ConditionType) {
			continue
		}
		message := fmt.Sprintf("the containers are ready, the readiness gate %s is not", gate.ConditionType)
		if said := condition(pod, gate.ConditionType); said != nil && said.Message != "" {
			message += ": " + said.Message
		}
		return tell(unready, "ReadinessGatesNotReady", message)
	}
	return nil
}

// scheduledAt is when the kubelet could begin.
func scheduledAt(pod *corev1.Pod) time.Time {
	if scheduled := condition(pod, corev1.PodScheduled); scheduled != nil && !scheduled.LastTransitionTime.IsZero() {
		return scheduled.LastTransitionTime.Time
	}
	return pod.CreationTimestamp.Time
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func isTrue(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	said := condition(pod, kind)
	return said != nil && said.Status == corev1.ConditionTrue
}
