package cause_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"helmward.dev/engine/internal/cause"
	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
)

// planeVariable names the kubeconfig of a devplane; tests/engine/test_causes.py
// sets it.
const planeVariable = "HELMWARD_TEST_KUBECONFIG"

var paths = map[string]string{
	"Deployment": "/apis/apps/v1/namespaces/*/deployments", "StatefulSet": "/apis/apps/v1/namespaces/*/statefulsets",
	"DaemonSet": "/apis/apps/v1/namespaces/*/daemonsets", "Job": "/apis/batch/v1/namespaces/*/jobs",
	"Pod": "/api/v1/namespaces/*/pods", "PersistentVolumeClaim": "/api/v1/namespaces/*/persistentvolumeclaims",
	"ResourceQuota": "/api/v1/namespaces/*/resourcequotas", "Service": "/api/v1/namespaces/*/services",
}

// world is a namespace of its own on the plane.
type world struct {
	*testing.T
	ctx       context.Context
	access    *cluster.Access
	namespace string
}

func aWorld(t *testing.T) *world {
	t.Helper()
	kubeconfig := os.Getenv(planeVariable)
	if kubeconfig == "" {
		t.Skip(planeVariable + " names no devplane")
	}
	t.Parallel()
	ctx, access := accessTo(t, kubeconfig)
	w := &world{t, ctx, access, "cause-" + strings.ToLower(rand.Text()[:8])}
	w.send(http.MethodPost, "/api/v1/namespaces", `{"metadata": {"name": "`+w.namespace+`"}}`)
	t.Cleanup(func() { w.send(http.MethodDelete, "/api/v1/namespaces/"+w.namespace, "") })
	w.until("the account of the namespace", func() bool {
		_, err := access.Metadata(ctx, "/api/v1/namespaces/"+w.namespace+"/serviceaccounts/default")
		return !apierrors.IsNotFound(err)
	})
	return w
}

func (w *world) send(verb, path, body string) {
	w.Helper()
	request := cluster.Request{Verb: verb, Path: path, Type: "application/json", Body: []byte(body)}
	if verb == http.MethodPatch {
		request.Type = "application/merge-patch+json"
	}
	if err := w.access.Do(w.ctx, request, nil); err != nil {
		w.Fatal(err)
	}
}

func (w *world) path(kind string) string { return strings.Replace(paths[kind], "*", w.namespace, 1) }

// create makes an object from YAML and returns it as a manifest has it.
func (w *world) create(text string) *unstructured.Unstructured {
	w.Helper()
	made := object(text)
	made.SetNamespace(w.namespace)
	body, err := json.Marshal(made.Object)
	if err != nil {
		w.Fatal(err)
	}
	w.send(http.MethodPost, w.path(made.GetKind()), string(body))
	return made
}

func (w *world) until(what string, holds func() bool) {
	w.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatal("in vain: " + what)
		}
	}
}

// finds waits until the cause is what it should be.
func (w *world) finds(of *unstructured.Unstructured, is func(*pb.Cause) bool) *pb.Cause {
	w.Helper()
	var last *pb.Cause
	defer func() { w.Logf("%s", cause.Words(last)) }()
	w.until("the cause", func() bool {
		last = cause.Find(w.ctx, w.access, []*unstructured.Unstructured{of})
		return is(last)
	})
	return last
}

const prefix = "devplane.helmward.dev/"

// template of pods of one container, of which annotations and spec say more.
func template(fate, more string) string {
	return `template: {metadata: {labels: {app: main}, annotations: {` + fate + `}},
    spec: {containers: [{name: app, image: example.invalid/app:1}], ` + more + `}}`
}

func workload(kind, name, template string) string {
	return `{apiVersion: apps/v1, kind: ` + kind + `, metadata: {name: ` + name + `},
    spec: {selector: {matchLabels: {app: main}}, ` + template + `}}`
}

func job(template string) string {
	return `{apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {backoffLimit: 0, ` + template + `}}`
}

func TestOnAPlaneACrashLoopIsExplained(t *testing.T) {
	w := aWorld(t)
	fate := prefix + `pod: crash-loops, ` + prefix + `exit-code: "3", ` + prefix + `log: "starting\nno database"`
	web := w.create(workload("Deployment", "web", template(fate, "")))
	got := w.finds(web, func(c *pb.Cause) bool {
		return c.GetReason() == "CrashLoopBackOff" && c.GetHopeless() && c.GetEvent() != ""
	})
	if got.GetObject() != "Deployment/web" || !strings.HasPrefix(got.GetPod(), "web-") || got.GetContainer() != "app" {
		t.Errorf("blamed: %v", got)
	}
	if got.GetExitCode() != 3 || strings.Join(got.GetLogLines(), "|") != "starting|no database" {
		t.Errorf("got %v", got)
	}
	if !strings.HasSuffix(cause.Words(got), `CrashLoopBackOff (exit code 3): last log line "no database"`) {
		t.Errorf("in words: %s", cause.Words(got))
	}
}

func TestOnAPlaneTooLittleMemoryIsNamed(t *testing.T) {
	w := aWorld(t)
	web := w.create(workload("DaemonSet", "web", template(prefix+"pod: out-of-memory", "")))
	w.finds(web, func(c *pb.Cause) bool {
		return c.GetReason() == "OOMKilled" && c.GetExitCode() == 137 && c.GetHopeless()
	})
}

func TestOnAPlaneAMissingImageIsNamed(t *testing.T) {
	w := aWorld(t)
	web := w.create(workload("Deployment", "web", template(prefix+"pod: image-missing", "")))
	w.finds(web, func(c *pb.Cause) bool {
		return c.GetReason() == "ImagePullBackOff" && c.GetHopeless() && c.GetLogLines() == nil &&
			strings.Contains(c.GetMessage(), "example.invalid/app:1")
	})
}

func TestOnAPlaneAMissingSecretIsNamedAndGivenTime(t *testing.T) {
	w := aWorld(t)
	web := w.create(workload("Deployment", "web", template(prefix+"pod: config-error", "")))
	w.finds(web, func(c *pb.Cause) bool {
		return c.GetReason() == "CreateContainerConfigError" && !c.GetHopeless() &&
			strings.Contains(c.GetMessage(), `secret "nowhere" not found`)
	})
}

func TestOnAPlaneAProbeThatFailsIsToldByItsEvent(t *testing.T) {
	w := aWorld(t)
	probe := `{name: app, image: app, readinessProbe: {httpGet: {path: /, port: 80}}}`
	text := strings.Replace(workload("StatefulSet", "db", template(prefix+"pod: never-ready", "")),
		"{name: app, image: example.invalid/app:1}", probe, 1)
	got := w.finds(w.create(text), func(c *pb.Cause) bool { return c.GetReason() == "ProbeFailed" && c.GetEvent() != "" })
	if got.GetPod() != "db-0" || got.GetHopeless() || !strings.Contains(got.GetEvent(), "statuscode: 503") {
		t.Errorf("got %v", got)
	}
}

func TestOnAPlaneAJobIsExplainedByItsPod(t *testing.T) {
	w := aWorld(t)
	fate := prefix + `pod: fails, ` + prefix + `exit-code: "4", ` + prefix + `log: no such table`
	got := w.finds(w.create(job(template(fate, "restartPolicy: Never"))), func(c *pb.Cause) bool {
		return c.GetHopeless() && c.GetPod() != ""
	})
	if got.GetObject() != "Job/migrate" || got.GetReason() != "Error" || got.GetExitCode() != 4 {
		t.Errorf("got %v", got)
	}
	if !strings.Contains(got.GetMessage(), "BackoffLimitExceeded") || strings.Join(got.GetLogLines(), "|") != "no such table" {
		t.Errorf("got %v", got)
	}
}

func TestOnAPlaneAJobThatStillRunsHasItsLogTold(t *testing.T) {
	w := aWorld(t)
	fate := prefix + `pod: runs, ` + prefix + `log: waiting for a lock`
	w.finds(w.create(job(template(fate, "restartPolicy: Never"))), func(c *pb.Cause) bool {
		return c.GetReason() == "StillRunning" && strings.Join(c.GetLogLines(), "|") == "waiting for a lock"
	})
}

func TestOnAPlaneAHooksPodIsExplained(t *testing.T) {
	w := aWorld(t)
	pod := w.create(`{apiVersion: v1, kind: Pod, metadata: {name: smoke, annotations: {` + prefix + `pod: fails}},
    spec: {restartPolicy: Never, containers: [{name: app, image: app}]}}`)
	got := w.finds(pod, func(c *pb.Cause) bool { return c.GetExitCode() == 1 && c.GetHopeless() })
	if got.GetObject() != "Pod/smoke" || got.GetPod() != "smoke" {
		t.Errorf("got %v", got)
	}
}

func TestOnAPlaneAPodWithoutANodeIsExplained(t *testing.T) {
	w := aWorld(t)
	web := w.create(workload("Deployment", "web", template("", "nodeSelector: {disk: huge}")))
	w.finds(web, func(c *pb.Cause) bool {
		return c.GetReason() == "Unschedulable" && !c.GetHopeless() && strings.Contains(c.GetMessage(), "nodes are available")
	})
}

// A Deployment says it in a condition, a StatefulSet and a Job only in events.
func TestOnAPlaneAQuotaIsTheCauseOfMissingPods(t *testing.T) {
	w := aWorld(t)
	w.create(`{apiVersion: v1, kind: ResourceQuota, metadata: {name: none}, spec: {hard: {pods: "0"}}}`)
	for _, text := range []string{
		workload("Deployment", "web", template("", "")),
		workload("StatefulSet", "db", template("", "")),
		job(template("", "restartPolicy: Never")),
	} {
		w.finds(w.create(text), func(c *pb.Cause) bool {
			return c.GetReason() == "FailedCreate" && strings.Contains(c.GetMessage(), "exceeded quota")
		})
	}
}

func TestOnAPlaneAClaimOfAnUnknownClassIsExplained(t *testing.T) {
	w := aWorld(t)
	claim := w.create(`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data},
    spec: {storageClassName: nowhere, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`)
	w.finds(claim, func(c *pb.Cause) bool {
		return c.GetReason() == "ProvisioningFailed" && strings.Contains(c.GetMessage(), `"nowhere" not found`)
	})
}

func TestOnAPlaneAServiceWithoutALoadBalancerIsTold(t *testing.T) {
	w := aWorld(t)
	service := w.create(`{apiVersion: v1, kind: Service, metadata: {name: web},
    spec: {type: LoadBalancer, selector: {app: main}, ports: [{port: 80}]}}`)
	w.finds(service, func(c *pb.Cause) bool { return c.GetReason() == "NoLoadBalancer" })
}

// The pods of the revision before are fine, and are not asked about.
func TestOnAPlaneABrokenUpgradeIsBlamedOnItsNewPods(t *testing.T) {
	w := aWorld(t)
	web := w.create(workload("Deployment", "web", template("", "")))
	w.finds(web, func(c *pb.Cause) bool { return c == nil })
	w.send(http.MethodPatch, w.path("Deployment")+"/web",
		`{"spec": {"template": {"metadata": {"annotations": {"`+prefix+`pod": "invalid-image"}}}}}`)
	w.finds(web, func(c *pb.Cause) bool { return c.GetReason() == "InvalidImageName" && c.GetHopeless() })
}
