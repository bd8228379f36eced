package cause_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"helmward.dev/engine/internal/cause"
	pb "helmward.dev/engine/internal/enginepb"
)

// answers of an API server by path; what is not in it is not found, and what
// is not JSON is a log.
type answers map[string]string

// asked are the requests of one search, as path?query.
type asked struct {
	sync.Mutex
	list []string
}

func (a *asked) has(part string) bool {
	return slices.ContainsFunc(a.list, func(each string) bool { return strings.Contains(each, part) })
}

// find looks for a cause where the API server gives these answers, in YAML.
func find(t *testing.T, from answers, objects ...*unstructured.Unstructured) (*pb.Cause, *asked) {
	t.Helper()
	var requests asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Lock()
		requests.list = append(requests.list, r.URL.Path+"?"+r.URL.RawQuery)
		requests.Unlock()
		answer(w, r, from)
	}))
	t.Cleanup(server.Close)
	ctx, access := accessTo(t, kubeconfigOf(t, server.URL))
	return cause.Find(ctx, access, objects), &requests
}

func answer(w http.ResponseWriter, r *http.Request, from answers) {
	text, known := from[r.URL.Path]
	switch {
	case !known:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	case text == "forbidden":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
	case text == "hangs":
		<-r.Context().Done()
	case strings.HasSuffix(r.URL.Path, "/log"):
		fmt.Fprint(w, text)
	default:
		body, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}
}

func object(text string) *unstructured.Unstructured {
	made := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &made.Object); err != nil {
		panic(err)
	}
	return made
}

const (
	shop = "/api/v1/namespaces/shop"
	apps = "/apis/apps/v1/namespaces/shop"
)

const web = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: d, generation: 1},
  spec: {replicas: 1, selector: {matchLabels: {app: web}}}, status: {observedGeneration: 1, unavailableReplicas: 1}}`

func aSet(uid string, revision int) string {
	return fmt.Sprintf(`{metadata: {name: web-%[1]s, namespace: shop, uid: %[1]s,
    annotations: {deployment.kubernetes.io/revision: "%[2]d"},
    ownerReferences: [{kind: Deployment, name: web, uid: d, controller: true}]},
    spec: {selector: {matchLabels: {app: web, hash: %[1]s}}}}`, uid, revision)
}

func aPod(name, set, state string) string {
	return fmt.Sprintf(`{metadata: {name: %[1]s, namespace: shop, uid: uid-%[1]s,
    ownerReferences: [{kind: ReplicaSet, uid: %s, controller: true}]},
    spec: {restartPolicy: Always, containers: [{name: app, image: app}]},
    status: {phase: Running, containerStatuses: [{name: app, ready: false, restartCount: 4, %s}]}}`, name, set, state)
}

const crashed = `state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 3, reason: Error}}`

func anEvent(reason, message, at, field string) string {
	return fmt.Sprintf(`{type: Warning, reason: %s, message: %q, lastTimestamp: "2026-03-01T%s:00Z",
    involvedObject: {fieldPath: %q}}`, reason, message, at, field)
}

func items(all ...string) string { return "items: [" + strings.Join(all, ", ") + "]" }

func brokenWeb() answers {
	return answers{
		apps + "/deployments/web":    web,
		apps + "/replicasets":        items(aSet("new", 10), aSet("old", 9)),
		shop + "/pods":               items(aPod("web-gone", "old", crashed), aPod("web-new", "new", crashed)),
		shop + "/pods/web-new/log":   "starting\n\x1b[31mno database\x1b[0m\n\n",
		shop + "/events":             items(anEvent("BackOff", "again", "12:30", "spec.containers{app}")),
		shop + "/pods/web-gone/log":  "of a pod that is on its way out",
		apps + "/deployments/absent": "forbidden",
	}
}

func TestAWorkloadIsExplainedByTheFirstFailingPodOfItsNewestReplicaSet(t *testing.T) {
	got, requests := find(t, brokenWeb(), object(web))
	if got.GetObject() != "Deployment/web" || got.GetNamespace() != "shop" || got.GetPod() != "web-new" {
		t.Errorf("blamed are %s, pod %s in %s", got.GetObject(), got.GetPod(), got.GetNamespace())
	}
	if got.GetReason() != "CrashLoopBackOff" || got.GetExitCode() != 3 || !got.GetHopeless() {
		t.Errorf("got %v", got)
	}
	if !slices.Equal(got.GetLogLines(), []string{"starting", "no database"}) || got.GetEvent() != "BackOff: again" {
		t.Errorf("the log says %q, the event %q", got.GetLogLines(), got.GetEvent())
	}
	if !requests.has("previous=true") || !requests.has("tailLines=10") || len(requests.list) > 5 {
		t.Errorf("asked for %q", requests.list)
	}
}

func TestWithoutALogThereIsStillACause(t *testing.T) {
	for _, log := range []string{"forbidden", "hangs"} {
		from := brokenWeb()
		from[shop+"/pods/web-new/log"] = log
		begun := time.Now()
		got, _ := find(t, from, object(web))
		if got.GetReason() != "CrashLoopBackOff" || got.GetLogLines() != nil || got.GetEvent() == "" {
			t.Errorf("%s: got %v", log, got)
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("%s: it took %s", log, took)
		}
	}
}

func TestTheNewestEventThatTellsMoreIsTaken(t *testing.T) {
	rows := []struct {
		name   string
		events []string
		told   string
	}{
		{"the newest", []string{
			anEvent("Unhealthy", "newer", "12:20", ""), anEvent("FailedMount", "older", "12:10", ""),
		}, "Unhealthy: newer"},
		{"any rather than that it is backed off from", []string{
			anEvent("BackOff", "newer", "12:20", ""), anEvent("Unhealthy", "older", "12:10", "spec.containers{app}"),
		}, "Unhealthy: older"},
		{"none about another container", []string{
			anEvent("Unhealthy", "newer", "12:20", "spec.containers{proxy}"), anEvent("Killing", "older", "12:10", ""),
		}, "Killing: older"},
		{"none about finding the node that it has", []string{anEvent("FailedScheduling", "no node", "12:20", "")}, ""},
		{"there is none", nil, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			from := brokenWeb()
			from[shop+"/events"] = items(row.events...)
			if got, _ := find(t, from, object(web)); got.GetEvent() != row.told {
				t.Errorf("got %q", got.GetEvent())
			}
		})
	}
}

func TestWhatOnlySeemsSlowIsExplainedByAnEvent(t *testing.T) {
	from := brokenWeb()
	from[shop+"/pods"] = items(aPod("web-new", "new", `state: {waiting: {reason: ContainerCreating}}`))
	from[shop+"/events"] = items(anEvent("FailedMount", "no such volume", "12:00", ""))
	got, _ := find(t, from, object(web))
	if got.GetReason() != "FailedMount" || got.GetMessage() != "no such volume" || got.GetHopeless() {
		t.Errorf("got %v", got)
	}
}

func TestAnObjectThatMayNotBeReadIsTakenAsGiven(t *testing.T) {
	from := answers{
		shop + "/persistentvolumeclaims/data": "forbidden",
		shop + "/events":                      "forbidden",
	}
	given := object(`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, uid: c},
    spec: {storageClassName: fast}, status: {phase: Pending}}`)
	got, _ := find(t, from, given)
	if got.GetObject() != "PersistentVolumeClaim/data" || got.GetReason() != "Unbound" {
		t.Errorf("got %v", got)
	}
}

func TestAnObjectThatIsGoneIsSaidToBe(t *testing.T) {
	got, _ := find(t, answers{}, object(web))
	if got.GetReason() != "NotFound" || cause.Words(got) != "Deployment/web: NotFound: it does not exist any more" {
		t.Errorf("got %v", got)
	}
}

func TestAKindThatWeDoNotKnowIsReadByItsConditions(t *testing.T) {
	given := object(`{apiVersion: example.com/v1, kind: Database, metadata: {name: main, namespace: shop},
    status: {conditions: [{type: Stalled, status: "True", reason: NoDisk, message: the disk is full}]}}`)
	got, _ := find(t, answers{}, given)
	if got.GetObject() != "Database/main" || got.GetReason() != "NoDisk" || got.GetMessage() != "the disk is full" {
		t.Errorf("got %v", got)
	}
}

func TestOfSeveralObjectsTheHopelessOneIsTold(t *testing.T) {
	from := brokenWeb()
	from[shop+"/persistentvolumeclaims/data"] = `{apiVersion: v1, kind: PersistentVolumeClaim,
    metadata: {name: data, namespace: shop}, status: {phase: Pending}}`
	got, _ := find(t, from, object(from[shop+"/persistentvolumeclaims/data"]), object(web))
	if got.GetObject() != "Deployment/web" {
		t.Errorf("got %v", got)
	}
}

// Its pod may crash as often as the Job lets it.
func TestACrashOfAJobsPodIsNotHopelessBeforeTheJobSaysSo(t *testing.T) {
	job := func(status string) string {
		return `{apiVersion: batch/v1, kind: Job, metadata: {name: migrate, namespace: shop, uid: new},
    spec: {selector: {matchLabels: {job: migrate}}}, status: {` + status + `}}`
	}
	from := brokenWeb()
	const path = "/apis/batch/v1/namespaces/shop/jobs/migrate"
	from[path] = job("active: 1")
	got, _ := find(t, from, object(from[path]))
	if got.GetReason() != "CrashLoopBackOff" || got.GetObject() != "Job/migrate" || got.GetHopeless() {
		t.Errorf("got %v", got)
	}
	from[path] = job(`conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded, message: too often}]`)
	got, _ = find(t, from, object(from[path]))
	if !got.GetHopeless() || got.GetExitCode() != 3 || !strings.HasSuffix(got.GetMessage(), "BackoffLimitExceeded: too often") {
		t.Errorf("got %v", got)
	}
	from[path] = job(`conditions: [{type: Complete, status: "True"}]`)
	if got, _ = find(t, from, object(from[path])); got != nil {
		t.Errorf("it is done: got %v", got)
	}
}

// An evicted pod stays in the list long after another has taken its place.
func TestAPodThatWasReplacedIsBlamedLast(t *testing.T) {
	from := brokenWeb()
	evicted := strings.Replace(aPod("web-evicted", "new", "state: {}"), "phase: Running", "phase: Failed, reason: Evicted", 1)
	from[shop+"/pods"] = items(evicted, aPod("web-new", "new", "state: {running: {}}"))
	if got, _ := find(t, from, object(web)); got.GetPod() != "web-new" || got.GetReason() != "NotReady" {
		t.Errorf("got %v", got)
	}
	from[shop+"/pods"] = items(evicted)
	if got, _ := find(t, from, object(web)); got.GetReason() != "Evicted" || got.GetHopeless() {
		t.Errorf("nothing else: got %v", got)
	}
}

func TestASearchHasAnEnd(t *testing.T) {
	many := make([]*unstructured.Unstructured, 1000)
	for i := range many {
		many[i] = object(strings.ReplaceAll(web, "name: web", fmt.Sprintf("name: web-%d", i)))
	}
	if _, requests := find(t, answers{}, many...); len(requests.list) > 30 {
		t.Errorf("%d requests", len(requests.list))
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, access := accessTo(t, kubeconfigOf(t, "http://127.0.0.1:1"))
	if got := cause.Find(ended, access, many); got != nil {
		t.Errorf("after the end: got %v", got)
	}
}

func TestOddObjectsAreNoReasonToPanic(t *testing.T) {
	odd := []any{nil, 7, int32(7), math.NaN(), "text", true, []any{}, []any{nil, 1}, map[string]any{}, func() {},
		map[string]any{"conditions": "none"}, []string{"a"}, map[string]any{"matchLabels": 3, "replicas": "x"}}
	kinds := [][2]string{
		{"v1", "Pod"}, {"batch/v1", "Job"}, {"apps/v1", "Deployment"}, {"apps/v1", "StatefulSet"}, {"v1", "Service"},
		{"v1", "PersistentVolumeClaim"}, {"v1", "ReplicationController"}, {"a/b/c", "X"}, {"example.com/v1", "Y"}, {"", ""},
	}
	objects := []*unstructured.Unstructured{nil, {}, {Object: map[string]any{"metadata": 3}}}
	for _, kind := range kinds {
		for _, spec := range odd {
			for _, status := range odd {
				objects = append(objects, &unstructured.Unstructured{Object: map[string]any{
					"apiVersion": kind[0], "kind": kind[1], "spec": spec, "status": status,
					"metadata": map[string]any{"name": "odd", "namespace": "shop", "uid": status},
				}})
			}
		}
	}
	_, access := accessTo(t, kubeconfigOf(t, "http://127.0.0.1:1"))
	for _, each := range objects {
		cause.Words(cause.Find(context.Background(), access, []*unstructured.Unstructured{each}))
	}
}
