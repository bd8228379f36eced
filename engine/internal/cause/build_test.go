package cause

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }

// aPod was scheduled a second ago, has the containers `app` and `proxy` and the
// init container `setup`; all of it can be changed.
func aPod(changes ...func(*corev1.Pod)) *corev1.Pod {
	yes := true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web-1", Namespace: "shop", UID: "pod-uid", CreationTimestamp: ago(time.Second),
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", UID: "set-uid", Controller: &yes}},
		},
		Spec: corev1.PodSpec{
			RestartPolicy:  corev1.RestartPolicyAlways,
			InitContainers: []corev1.Container{{Name: "setup", Image: "setup:1"}},
			Containers:     []corev1.Container{{Name: "app", Image: "app:1"}, {Name: "proxy", Image: "proxy:1"}},
		},
		Status: corev1.PodStatus{
			Phase:      corev1.PodPending,
			Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}},
		},
	}
	for _, change := range changes {
		change(pod)
	}
	return pod
}

type change = func(*corev1.Pod)

func withStatus(status corev1.ContainerStatus) change {
	return func(pod *corev1.Pod) {
		if status.Name == "setup" {
			pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, status)
			return
		}
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, status)
	}
}

func waits(name, reason, message string) change {
	return withStatus(corev1.ContainerStatus{Name: name, State: waiting(reason, message)})
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func ended(code int32, reason string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, FinishedAt: ago(time.Minute),
	}}
}

func crashes(name string, restarts, code int32, reason string) change {
	return withStatus(corev1.ContainerStatus{
		Name: name, RestartCount: restarts, State: waiting("CrashLoopBackOff", "back-off 40s restarting"),
		LastTerminationState: ended(code, reason),
	})
}

func runs(name string, ready bool) change {
	return withStatus(corev1.ContainerStatus{
		Name: name, Ready: ready, Started: &ready,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(time.Minute)}},
	})
}

func ends(name string, code int32, reason string) change {
	return withStatus(corev1.ContainerStatus{Name: name, State: ended(code, reason)})
}

func says(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string, since time.Duration) change {
	return func(pod *corev1.Pod) {
		said := corev1.PodCondition{
			Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: ago(since),
		}
		for i := range pod.Status.Conditions {
			if pod.Status.Conditions[i].Type == kind {
				pod.Status.Conditions[i] = said
				return
			}
		}
		pod.Status.Conditions = append(pod.Status.Conditions, said)
	}
}

func scheduled(since time.Duration) change {
	return says(corev1.PodScheduled, corev1.ConditionTrue, "", "", since)
}

func phase(phase corev1.PodPhase, reason, message string) change {
	return func(pod *corev1.Pod) {
		pod.Status.Phase, pod.Status.Reason, pod.Status.Message = phase, reason, message
	}
}

func bare(pod *corev1.Pod) { pod.OwnerReferences = nil }

func once(pod *corev1.Pod) { pod.Spec.RestartPolicy = corev1.RestartPolicyNever }

func deleted(since time.Duration) change {
	return func(pod *corev1.Pod) {
		at := ago(since)
		pod.DeletionTimestamp, pod.Finalizers = &at, []string{"example.com/wait"}
	}
}

func probes(pod *corev1.Pod) {
	pod.Spec.Containers[0].ReadinessProbe = &corev1.Probe{}
}

func startupProbe(pod *corev1.Pod) { pod.Spec.Containers[0].StartupProbe = &corev1.Probe{} }

func gate(pod *corev1.Pod) {
	pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/in-rotation"}}
}

func sidecar(pod *corev1.Pod) {
	always := corev1.ContainerRestartPolicyAlways
	pod.Spec.InitContainers[0].RestartPolicy = &always
}
