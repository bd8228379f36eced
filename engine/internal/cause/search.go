package cause

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// What one search may cost.
const (
	longestSearch = 10 * time.Second
	mostObjects   = 20
	mostPods      = "200"
)

// search is one look for a cause.
type search struct {
	ctx  context.Context
	from Reader
	now  time.Time
}

// among stops at the first object that waiting will not heal.
func (s *search) among(objects []*unstructured.Unstructured) *finding {
	var best *finding
	for _, object := range objects[:min(len(objects), mostObjects)] {
		if s.ctx.Err() != nil {
			break
		}
		if found := s.in(copyOf(object)); found.before(best) {
			best = found
		}
		if best != nil && best.rank == broken && best.cause.Hopeless {
			break
		}
	}
	return best
}

// copyOf holds nothing that did not come from JSON, whoever made the object:
// the helpers of unstructured objects panic otherwise.
func copyOf(object *unstructured.Unstructured) *unstructured.Unstructured {
	made := &unstructured.Unstructured{}
	if object == nil {
		return made
	}
	if text, err := json.Marshal(object.Object); err == nil {
		_ = utiljson.Unmarshal(text, &made.Object)
	}
	return made
}

// in looks at one object and at what it made.
func (s *search) in(given *unstructured.Unstructured) *finding {
	if given.GetName() == "" || given.GetKind() == "" {
		return nil
	}
	object, err := s.live(given)
	if err != nil {
		object = given // As it was when it was written or last seen.
	}
	var told *finding
	if apierrors.IsNotFound(err) {
		told = tell(unready, "NotFound", "it does not exist any more")
	} else {
		told = s.read(object)
	}
	if told == nil {
		return nil
	}
	told.cause.Object = given.GetKind() + "/" + given.GetName()
	told.cause.Namespace = given.GetNamespace()
	told.alsoAbout(object.GetUID())
	return told
}

// collections are where the kinds are served that are asked for again.
var collections = map[string]string{
	"Pod":                   "/api/v1/namespaces/*/pods",
	"Service":               "/api/v1/namespaces/*/services",
	"PersistentVolumeClaim": "/api/v1/namespaces/*/persistentvolumeclaims",
	"ReplicationController": "/api/v1/namespaces/*/replicationcontrollers",
	"Deployment.apps":       "/apis/apps/v1/namespaces/*/deployments",
	"ReplicaSet.apps":       "/apis/apps/v1/namespaces/*/replicasets",
	"StatefulSet.apps":      "/apis/apps/v1/namespaces/*/statefulsets",
	"DaemonSet.apps":        "/apis/apps/v1/namespaces/*/daemonsets",
	"Job.batch":             "/apis/batch/v1/namespaces/*/jobs",
}

func kindOf(object *unstructured.Unstructured) string {
	return object.GroupVersionKind().GroupKind().String()
}

func collection(kind, namespace string) string {
	return strings.Replace(collections[kind], "*", namespace, 1)
}

// live reads an object anew: what an apply answered has no status yet.
func (s *search) live(given *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	kind, namespace, name := kindOf(given), given.GetNamespace(), given.GetName()
	if collections[kind] == "" || namespace == "" || name == "" {
		return given, nil
	}
	live := &unstructured.Unstructured{}
	err := s.from.Read(s.ctx, collection(kind, namespace)+"/"+name, nil, live)
	if err == nil && live.Object == nil {
		return given, nil
	}
	return live, err
}

func (s *search) read(object *unstructured.Unstructured) *finding {
	switch kindOf(object) {
	case "Pod":
		return s.pod(as[corev1.Pod](object))
	case "Job.batch":
		return s.job(as[batchv1.Job](object))
	case "Deployment.apps":
		return s.deployment(object)
	case "ReplicaSet.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicationController":
		return s.workload(object)
	case "PersistentVolumeClaim":
		return s.withReason(inClaim(as[corev1.PersistentVolumeClaim](object)), object)
	case "Service":
		return s.withReason(inService(as[corev1.Service](object)), object)
	default:
		return inAny(object)
	}
}

// as makes a typed object; what does not fit is left out.
func as[T any](object *unstructured.Unstructured) *T {
	typed := new(T)
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed)
	return typed
}

// pod: one that is to end and runs on without fault is what is waited for.
func (s *search) pod(pod *corev1.Pod) *finding {
	if told := inPod(pod, s.now); told != nil {
		return told
	}
	if pod.Status.Phase != corev1.PodRunning || pod.Spec.RestartPolicy == corev1.RestartPolicyAlways {
		return nil
	}
	return busy(pod, "the pod has not finished yet")
}

func busy(pod *corev1.Pod, message string) *finding {
	told := tell(starting, "StillRunning", message)
	told.cause.Pod, told.about = pod.Name, []types.UID{pod.UID}
	if len(pod.Spec.Containers) > 0 {
		told.cause.Container, told.log = pod.Spec.Containers[0].Name, currentLog
	}
	return told
}

func (s *search) job(job *batchv1.Job) *finding {
	for _, each := range job.Status.Conditions {
		if each.Type == batchv1.JobComplete && each.Status == corev1.ConditionTrue {
			return nil
		}
	}
	verdict := inJob(job)
	pods := s.pods(job.Namespace, job.Spec.Selector, job.UID)
	told := s.inPods(pods)
	switch {
	case told == nil && verdict == nil && len(pods) > 0:
		return busy(&pods[0], "the Job has not finished yet")
	case told == nil && verdict == nil:
		return s.withReason(tell(starting, "NoPod", "the Job has no pod yet"), job)
	case told == nil:
		return verdict
	case verdict == nil:
		return told
	}
	told.cause.Message = join(told.cause.Message, verdict.cause.Reason+": "+verdict.cause.Message)
	told.rank, told.cause.Hopeless = verdict.rank, verdict.cause.Hopeless
	return told
}

func join(words ...string) string {
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	return plain(strings.Join(words, "; "), longestMessage)
}

func (s *search) deployment(object *unstructured.Unstructured) *finding {
	settled := inAny(object)
	if settled == nil {
		return nil
	}
	deployment := as[appsv1.Deployment](object)
	verdict := inDeployment(deployment)
	told := first(verdict, s.newest(deployment))
	if told == nil {
		return settled
	}
	told.cause.Hopeless = told.cause.Hopeless || verdict != nil && verdict.cause.Hopeless
	return told
}

// newest looks at the pods of the newest ReplicaSet alone: those of an older
// one are on their way out, whatever their state.
func (s *search) newest(deployment *appsv1.Deployment) *finding {
	set := s.newestSet(deployment)
	if set == nil {
		return nil
	}
	told := s.inPods(s.pods(set.Namespace, set.Spec.Selector, set.UID))
	if told == nil {
		told = s.withReason(inReplicaSet(set), set)
	}
	if told != nil {
		told.alsoAbout(set.UID)
	}
	return told
}

func (s *search) newestSet(deployment *appsv1.Deployment) *appsv1.ReplicaSet {
	sets := &appsv1.ReplicaSetList{}
	path := collection("ReplicaSet.apps", deployment.Namespace)
	if !s.list(path, deployment.Spec.Selector, sets) {
		return nil
	}
	var newest *appsv1.ReplicaSet
	for i := range sets.Items {
		set := &sets.Items[i]
		if isOf(set, deployment.UID) && (newest == nil || revision(set) > revision(newest)) {
			newest = set
		}
	}
	return newest
}

// workload: what makes its pods itself.
func (s *search) workload(object *unstructured.Unstructured) *finding {
	settled := inAny(object)
	if settled == nil {
		return nil
	}
	pods := s.pods(object.GetNamespace(), selectorOf(object), object.GetUID())
	told := s.inPods(pods)
	if told == nil && kindOf(object) == "ReplicaSet.apps" {
		told = inReplicaSet(as[appsv1.ReplicaSet](object))
	}
	if told == nil {
		return s.withReason(settled, object)
	}
	return told
}

// pods of an owner, the newest first.
func (s *search) pods(namespace string, selector *metav1.LabelSelector, owner types.UID) []corev1.Pod {
	list := &corev1.PodList{}
	if !s.list(collection("Pod", namespace), selector, list) {
		return nil
	}
	pods := slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return !isOf(&pod, owner) })
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int {
		if order := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); order != 0 {
			return order
		}
		return strings.Compare(a.Name, b.Name)
	})
	return pods
}

func (s *search) inPods(pods []corev1.Pod) *finding {
	var best *finding
	for i := range pods {
		if found := inPod(&pods[i], s.now); found.before(best) {
			best = found
		}
	}
	return best
}

// list asks by a selector; one that selects everything is nobody's.
func (s *search) list(path string, selector *metav1.LabelSelector, into any) bool {
	labels, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || labels.Empty() || labels.String() == "" {
		return false
	}
	query := map[string]string{"labelSelector": labels.String(), "limit": mostPods}
	return s.from.Read(s.ctx, path, query, into) == nil
}
