package objects

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	made := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &made.Object); err != nil {
		t.Fatal(err)
	}
	encoded, err := made.MarshalJSON() // So that numbers are as a watch has them.
	if err == nil {
		err = made.UnmarshalJSON(encoded)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

const (
	aJob = `
apiVersion: batch/v1
kind: Job
metadata: {name: j}
`
	aPod = `
apiVersion: v1
kind: Pod
metadata: {name: p}
`
	aDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, generation: 2}
spec: {replicas: 1, progressDeadlineSeconds: 600}
`
	allThere = "replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, " +
		"conditions: [{type: Available, status: 'True'}, " +
		"{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}]}"
)

func TestReadiness(t *testing.T) {
	cases := []struct {
		name, text string
		rules      rules
		state      state
		words      string
	}{
		{"a Deployment is ready", aDeployment + "status: {observedGeneration: 2, " + allThere, asRelease, ready, ""},
		{
			"a Deployment whose controller has not seen it", aDeployment + "status: {observedGeneration: 1, " + allThere,
			asRelease, progressing, "Deployment generation is 2, but latest observed generation is 1",
		},
		{
			"a Deployment that gave up", aDeployment +
				"status: {observedGeneration: 2, conditions: [{type: Progressing, reason: ProgressDeadlineExceeded}]}",
			asRelease, failed, "Progress deadline exceeded",
		},
		{"a Job that has started", aJob + "status: {startTime: '2026-01-01T00:00:00Z'}", asRelease, ready, ""},
		{
			"a Job that has started, to be done", aJob + "status: {startTime: '2026-01-01T00:00:00Z'}",
			withJobs, progressing, "it has not ended",
		},
		{"a Job that is done", aJob + "status: {conditions: [{type: Complete, status: 'True'}]}", asRun, ready, ""},
		{
			"a Job that failed", aJob +
				"status: {conditions: [{type: Failed, status: 'True', reason: TooLate, message: no time}]}",
			asRun, failed, "TooLate: no time",
		},
		{"a hook Pod that is done", aPod + "status: {phase: Succeeded}", asRun, ready, ""},
		{"a hook Pod that failed", aPod + "status: {phase: Failed, reason: Evicted, message: m}", asRun, failed, "Evicted: m"},
		{"a hook Pod that runs", aPod + "status: {phase: Running}", asRun, progressing, "it has not ended"},
		{
			"a Pod without a node gets more patience than kstatus has", aPod + "status: {phase: Pending, " +
				"conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}",
			asRelease, progressing, "Pod could not be scheduled",
		},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			found, words := each.rules(object(t, each.text))
			if found != each.state || words != each.words {
				t.Errorf("got %v, %q", found, words)
			}
		})
	}
}

func TestWhatIsHeardMayBeOlderThanWhatWasWritten(t *testing.T) {
	for _, each := range []struct {
		heard, written string
		old            bool
	}{
		{"99", "100", true}, {"100", "100", false}, {"101", "100", false}, {"100", "", false}, {"opaque", "7", false},
	} {
		heard := &unstructured.Unstructured{Object: map[string]any{}}
		heard.SetResourceVersion(each.heard)
		if isOld(heard, each.written) != each.old {
			t.Errorf("heard at %q, written at %q", each.heard, each.written)
		}
	}
}

func TestWhosePodItMayBe(t *testing.T) {
	for _, each := range []struct {
		owner, ownerName, kind, name string
		may                          bool
	}{
		{"ReplicaSet", "web-5d4", "Deployment", "web", true},
		{"ReplicaSet", "webby-5d4", "Deployment", "web", false},
		{"ReplicaSet", "web", "ReplicaSet", "web", true},
		{"StatefulSet", "web", "StatefulSet", "web", true},
		{"StatefulSet", "web", "DaemonSet", "web", false},
		{"Job", "web", "Job", "webs", false},
	} {
		pod := object(t, aPod[:len(aPod)-2]+", ownerReferences: [{controller: true, kind: "+each.owner+
			", name: "+each.ownerName+", uid: u, apiVersion: v1}]}\n")
		if mayOwn(each.kind, each.name, pod) != each.may {
			t.Errorf("%s/%s, pod of %s/%s", each.kind, each.name, each.owner, each.ownerName)
		}
	}
	if mayOwn("Job", "p", object(t, aPod)) {
		t.Error("a pod that nobody controls")
	}
}

func TestOnlyWhatLooksHopelessWithoutABreakIsGivenUp(t *testing.T) {
	begun, s := time.Now(), settling{}
	at := func(after time.Duration, keys ...string) (string, time.Time) { return s.settle(keys, begun.Add(after)) }
	if settled, next := at(0, "a"); settled != "" || next != begun.Add(settlingTime) {
		t.Errorf("at first: %q, look again in %s", settled, next.Sub(begun))
	}
	if settled, _ := at(settlingTime-1, "a", "b"); settled != "" {
		t.Errorf("too early: %q", settled)
	}
	if settled, _ := at(settlingTime, "b"); settled != "" {
		t.Errorf("a was mended, b is new: %q", settled)
	}
	if settled, _ := at(settlingTime+1, "a", "b"); settled != "" {
		t.Errorf("a begins anew: %q", settled)
	}
	if settled, _ := at(2*settlingTime, "a", "b"); settled != "b" {
		t.Errorf("at last: %q", settled)
	}
}

func TestDurationsAreReadAsTheyAreWritten(t *testing.T) {
	for length, text := range map[time.Duration]string{
		5 * time.Minute: "5m", time.Hour: "1h", 90 * time.Second: "1m30s", time.Second: "1s",
		90 * time.Minute: "1h30m", 10 * time.Second: "10s", 1500 * time.Millisecond: "1.5s", 20 * time.Minute: "20m",
	} {
		if found := short(length); found != text {
			t.Errorf("%s, not %s", found, text)
		}
	}
}
