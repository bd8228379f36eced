package cause

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
)

// recently: an older crash says nothing about why a container is not ready now.
const recently = 10 * time.Minute

// container is one container of a pod: what it should be and what it is.
type container struct {
	pod    *corev1.Pod
	spec   *corev1.Container
	status *corev1.ContainerStatus
	// passes says that it is to end before the next one starts.
	passes bool
}

// inContainers prefers what failed over what is not ready, and what stands
// first in the pod: init containers, then containers.
func inContainers(pod *corev1.Pod, now time.Time) *finding {
	var best *finding
	for _, each := range containersOf(pod) {
		if found := each.state(now); found.before(best) {
			best = found
		}
	}
	return best
}

func containersOf(pod *corev1.Pod) []container {
	var all []container
	add := func(specs []corev1.Container, statuses []corev1.ContainerStatus, isInit bool) {
		for i := range specs {
			status := statusOf(statuses, specs[i].Name)
			if status == nil {
				continue
			}
			sidecar := specs[i].RestartPolicy != nil && *specs[i].RestartPolicy == corev1.ContainerRestartPolicyAlways
			all = append(all, container{pod: pod, spec: &specs[i], status: status, passes: isInit && !sidecar})
		}
	}
	add(pod.Spec.InitContainers, pod.Status.InitContainerStatuses, true)
	add(pod.Spec.Containers, pod.Status.ContainerStatuses, false)
	return all
}

func statusOf(statuses []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
	for i := range statuses {
		if statuses[i].Name == name {
			return &statuses[i]
		}
	}
	return nil
}

func (c container) state(now time.Time) *finding {
	switch state := c.status.State; {
	case state.Terminated != nil:
		return c.over()
	case state.Running != nil:
		return c.running(now)
	case state.Waiting != nil:
		return c.waiting(state.Waiting, now)
	default:
		return nil
	}
}

func (c container) tell(rank rank, reason, message string) *finding {
	found := tell(rank, reason, message)
	found.cause.Container = c.spec.Name
	return found
}

// temporary are failures to pull that the next attempt may not meet.
var temporary = regexp.MustCompile(`(?i)too many requests|timeout|timed out|deadline exceeded` +
	`|connection re(fused|set)|no such host|temporary failure|unexpected EOF` +
	`|(502 bad gateway|503 service unavailable|504 gateway)|status(: | code )(429|50[0234])`)

func (c container) waiting(state *corev1.ContainerStateWaiting, now time.Time) *finding {
	told := c.tell(broken, state.Reason, state.Message)
	switch state.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return c.created(state)
	case "CrashLoopBackOff":
		return c.crashing(state)
	case "InvalidImageName", "ErrImageNeverPull":
		return told.hopelessIf(true)
	case "ImagePullBackOff":
		return c.withImage(told).hopelessIf(!temporary.MatchString(state.Message))
	case "CreateContainerConfigError":
		return told.hopelessIf(now.Sub(scheduledAt(c.pod)) > patienceForConfig)
	case "ErrImagePull", "RegistryUnavailable", "ImageInspectError":
		return c.withImage(told)
	default: // CreateContainerError, RunContainerError, and what is yet to come
		return told
	}
}

// withImage names the image where the kubelet did not.
func (c container) withImage(told *finding) *finding {
	if !strings.Contains(told.cause.Message, c.spec.Image) {
		told.cause.Message = plain("image "+c.spec.Image+": "+told.cause.Message, longestMessage)
	}
	return told
}

func (c container) created(state *corev1.ContainerStateWaiting) *finding {
	reason := state.Reason
	if reason == "" {
		reason = "ContainerCreating"
	}
	message := state.Message
	if message == "" {
		message = "the container has not been started yet"
	}
	return c.tell(starting, reason, message)
}

func (c container) crashing(state *corev1.ContainerStateWaiting) *finding {
	told := c.tell(broken, state.Reason, state.Message)
	if last := c.status.LastTerminationState.Terminated; last != nil {
		told = c.ended(last)
		if told.cause.Reason != "OOMKilled" {
			told.cause.Reason = state.Reason
		}
	}
	told.log = previousLog
	return told.hopelessIf(c.status.RestartCount >= hopelessRestarts)
}

// over: the container has ended, and is either done or about to be restarted.
func (c container) over() *finding {
	isDone := c.passes || c.pod.Spec.RestartPolicy != corev1.RestartPolicyAlways
	if c.status.State.Terminated.ExitCode == 0 && isDone {
		return nil
	}
	return c.terminated()
}

func (c container) terminated() *finding { return c.ended(c.status.State.Terminated) }

func (c container) ended(end *corev1.ContainerStateTerminated) *finding {
	reason := end.Reason
	if reason == "" {
		reason = "Error"
	}
	told := c.tell(broken, reason, c.lastWords(end))
	told.cause.ExitCode = &end.ExitCode
	told.log = currentLog
	return told
}

// lastWords is what is known of an end besides its exit code.
func (c container) lastWords(end *corev1.ContainerStateTerminated) string {
	var words []string
	if signal := signalOf(end); signal != "" {
		words = append(words, "ended by "+signal)
	}
	if c.status.RestartCount > 0 {
		words = append(words, times("restarted", c.status.RestartCount))
	}
	if end.Message != "" {
		words = append(words, end.Message)
	}
	return strings.Join(words, "; ")
}

func times(what string, count int32) string {
	if count == 1 {
		return what + " once"
	}
	return fmt.Sprintf("%s %d times", what, count)
}

func signalOf(end *corev1.ContainerStateTerminated) string {
	number := end.Signal
	if number == 0 && end.ExitCode > 128 && end.ExitCode < 160 {
		number = end.ExitCode - 128 // As shells say it, and container runtimes.
	}
	if number == 0 {
		return ""
	}
	return unix.SignalName(syscall.Signal(number))
}

func (c container) running(now time.Time) *finding {
	switch {
	case c.passes:
		return c.tell(starting, "PodInitializing", "this init container is still running")
	case c.status.Ready:
		return nil
	}
	if last := c.status.LastTerminationState.Terminated; last != nil && now.Sub(last.FinishedAt.Time) < recently {
		told := c.ended(last)
		told.rank, told.log = unready, previousLog
		return told
	}
	told := c.unready()
	told.log = currentLog
	return told
}

func (c container) unready() *finding {
	isStarted := c.status.Started == nil || *c.status.Started
	switch {
	case c.spec.StartupProbe != nil && !isStarted:
		return c.tell(unready, "ProbeFailed", "it runs, but its startup probe has not succeeded")
	case c.spec.ReadinessProbe != nil:
		return c.tell(unready, "ProbeFailed", "it runs, but its readiness probe does not succeed")
	default:
		return c.tell(unready, "NotReady", "it runs, but is not ready")
	}
}
