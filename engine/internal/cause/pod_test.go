package cause

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestWhatKeepsAPodFromBeingReady(t *testing.T) {
	const missing = `Back-off pulling image "app:1": ErrImagePull: not found`
	const busy = `Back-off pulling image "app:1": ErrImagePull: 429 Too Many Requests`
	unschedulable := func(since time.Duration) change {
		return says(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", "0/3 nodes are available", since)
	}
	rows := []struct {
		name      string
		changes   []change
		container string
		reason    string
		message   string // part of it
		exit      int32
		hopeless  bool
	}{
		{"the first failed pull may be bad luck",
			[]change{waits("app", "ErrImagePull", "not found")}, "app", "ErrImagePull", "app:1", 0, false},
		{"a pull that is backed off from is hopeless",
			[]change{waits("app", "ImagePullBackOff", missing)}, "app", "ImagePullBackOff", "not found", 0, true},
		{"a registry that is busy is not",
			[]change{waits("app", "ImagePullBackOff", busy)}, "app", "ImagePullBackOff", "429", 0, false},
		{"an image that is no name",
			[]change{waits("app", "InvalidImageName", "couldn't parse")}, "app", "InvalidImageName", "couldn't parse", 0, true},
		{"an image that must not be pulled",
			[]change{waits("app", "ErrImageNeverPull", "not present")}, "app", "ErrImageNeverPull", "not present", 0, true},
		{"a registry that does not answer",
			[]change{waits("app", "RegistryUnavailable", "no answer")}, "app", "RegistryUnavailable", "no answer", 0, false},
		{"a Secret that may yet be made",
			[]change{scheduled(30 * time.Second), waits("app", "CreateContainerConfigError", `secret "db" not found`)},
			"app", "CreateContainerConfigError", `secret "db" not found`, 0, false},
		{"a Secret that nobody makes",
			[]change{scheduled(2 * time.Minute), waits("app", "CreateContainerConfigError", `secret "db" not found`)},
			"app", "CreateContainerConfigError", `secret "db" not found`, 0, true},
		{"a container that cannot be made",
			[]change{waits("app", "CreateContainerError", "no such user")}, "app", "CreateContainerError", "no such user", 0, false},
		{"a container that cannot be run",
			[]change{waits("app", "RunContainerError", "exec failed")}, "app", "RunContainerError", "exec failed", 0, false},
		{"a reason that we never heard of",
			[]change{waits("app", "NewKindOfTrouble", "who knows")}, "app", "NewKindOfTrouble", "who knows", 0, false},
		{"the first crashes may heal",
			[]change{crashes("app", 2, 1, "Error")}, "app", "CrashLoopBackOff", "restarted 2 times", 1, false},
		{"many crashes do not",
			[]change{crashes("app", 3, 1, "Error")}, "app", "CrashLoopBackOff", "restarted 3 times", 1, true},
		{"too little memory is the cause of its crashes",
			[]change{crashes("app", 3, 137, "OOMKilled")}, "app", "OOMKilled", "ended by SIGKILL", 137, true},
		{"a signal is told from an exit code",
			[]change{crashes("app", 1, 139, "Error")}, "app", "CrashLoopBackOff", "ended by SIGSEGV; restarted once", 139, false},
		{"a container between two crashes",
			[]change{ends("app", 3, "Error")}, "app", "Error", "", 3, false},
		{"a server that ends without a fault is no server",
			[]change{ends("app", 0, "Completed")}, "app", "Completed", "", 0, false},
		{"an init container comes first",
			[]change{waits("app", "PodInitializing", ""), crashes("setup", 4, 2, "Error")},
			"setup", "CrashLoopBackOff", "restarted 4 times", 2, true},
		{"a broken container is told before one that waits for it",
			[]change{runs("app", false), crashes("proxy", 1, 1, "Error")}, "proxy", "CrashLoopBackOff", "once", 1, false},
		{"of two broken ones the first",
			[]change{crashes("proxy", 1, 1, "Error"), crashes("app", 1, 2, "Error")}, "app", "CrashLoopBackOff", "once", 2, false},
		{"a hopeless one before the first",
			[]change{crashes("app", 1, 2, "Error"), waits("proxy", "InvalidImageName", "")}, "proxy", "InvalidImageName", "", 0, true},
		{"a readiness probe",
			[]change{probes, runs("app", false)}, "app", "ProbeFailed", "readiness probe", 0, false},
		{"a startup probe",
			[]change{probes, startupProbe, runs("app", false)}, "app", "ProbeFailed", "startup probe", 0, false},
		{"not ready for no reason that is told",
			[]change{runs("app", false)}, "app", "NotReady", "it runs", 0, false},
		{"a sidecar that never starts",
			[]change{sidecar, runs("setup", false)}, "setup", "NotReady", "it runs", 0, false},
		{"a gate that nobody opens",
			[]change{gate, runs("app", true), runs("proxy", true)}, "", "ReadinessGatesNotReady", "example.com/in-rotation", 0, false},
		{"no node for the moment",
			[]change{unschedulable(time.Minute)}, "", "Unschedulable", "0/3 nodes", 0, false},
		{"no node, and no autoscaler that brings one",
			[]change{unschedulable(3 * time.Minute)}, "", "Unschedulable", "0/3 nodes", 0, true},
		{"scheduling that somebody holds back",
			[]change{says(corev1.PodScheduled, corev1.ConditionFalse, "SchedulingGated", "gated", time.Hour)},
			"", "SchedulingGated", "gated", 0, false},
		{"evicted, and its controller makes another",
			[]change{phase(corev1.PodFailed, "Evicted", "low on memory")}, "", "Evicted", "low on memory", 0, false},
		{"evicted, and nobody makes another",
			[]change{bare, phase(corev1.PodFailed, "Evicted", "low on memory")}, "", "Evicted", "low on memory", 0, true},
		{"preempted",
			[]change{phase(corev1.PodFailed, "", ""),
				says(corev1.DisruptionTarget, corev1.ConditionTrue, "PreemptionByScheduler", "more important", 0)},
			"", "PreemptionByScheduler", "more important", 0, false},
		{"a hook's pod that failed",
			[]change{bare, once, phase(corev1.PodFailed, "", ""), ends("app", 4, "Error")}, "app", "Error", "", 4, true},
		{"failed, and nobody says why",
			[]change{bare, phase(corev1.PodFailed, "", "")}, "", "Failed", "", 0, true},
		{"a deletion that does not end",
			[]change{deleted(time.Minute)}, "", "Terminating", "example.com/wait", 0, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := OfPod(aPod(row.changes...), now)
			if got == nil {
				t.Fatal("nothing was found")
			}
			if got.GetReason() != row.reason || got.GetContainer() != row.container {
				t.Errorf("got %s in %q", got.GetReason(), got.GetContainer())
			}
			if got.GetExitCode() != row.exit || got.GetHopeless() != row.hopeless {
				t.Errorf("exit code %d, hopeless %t", got.GetExitCode(), got.GetHopeless())
			}
			if !strings.Contains(got.GetMessage(), row.message) {
				t.Errorf("message %q", got.GetMessage())
			}
			if got.GetObject() != "Pod/web-1" || got.GetNamespace() != "shop" || got.GetPod() != "web-1" {
				t.Errorf("it is blamed on %s, pod %s in %s", got.GetObject(), got.GetPod(), got.GetNamespace())
			}
		})
	}
}

func TestWhatIsNoFaultOfAPod(t *testing.T) {
	rows := []struct {
		name    string
		changes []change
	}{
		{"it was only just made", nil},
		{"its containers are being made", []change{waits("app", "ContainerCreating", "")}},
		{"its init container works", []change{runs("setup", false), waits("app", "PodInitializing", "")}},
		{"it is ready", []change{runs("app", true), says(corev1.PodReady, corev1.ConditionTrue, "", "", 0)}},
		{"it finished", []change{once, phase(corev1.PodSucceeded, "", "")}},
		{"one of its containers has finished", []change{once, ends("app", 0, "Completed"), runs("proxy", true)}},
		{"it is leaving", []change{deleted(time.Second)}},
		{"it is not told anything about at all", []change{func(pod *corev1.Pod) { *pod = corev1.Pod{} }}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := OfPod(aPod(row.changes...), now); got != nil {
				t.Errorf("got %v", got)
			}
		})
	}
	if got := OfPod(nil, now); got != nil {
		t.Errorf("no pod at all: got %v", got)
	}
}

// Between two crashes a container runs: that is no news, and no recovery.
func TestAContainerThatRunsAgainIsStillBlamedForItsLastEnd(t *testing.T) {
	status := func(finished time.Duration) change {
		return withStatus(corev1.ContainerStatus{
			Name: "app", RestartCount: 2,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: 7, Reason: "Error", FinishedAt: ago(finished),
			}},
		})
	}
	got := OfPod(aPod(status(time.Minute)), now)
	if got.GetReason() != "Error" || got.GetExitCode() != 7 || got.GetHopeless() {
		t.Errorf("got %v", got)
	}
	if got := OfPod(aPod(status(time.Hour)), now); got.GetReason() != "NotReady" {
		t.Errorf("a crash of an hour ago: got %v", got)
	}
}

func TestTheApplicationsLastMessageIsToldInOneLine(t *testing.T) {
	pod := aPod(crashes("app", 1, 1, "Error"))
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.Message = "panic:\n\tno \x1b[31mdatabase\x1b[0m\r\n"
	if got := OfPod(pod, now).GetMessage(); got != "restarted once; panic: no database" {
		t.Errorf("got %q", got)
	}
}
