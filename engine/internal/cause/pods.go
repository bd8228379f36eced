package cause

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

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
		// The Job counts its pods' ends itself, and has a limit of its own.
		return told.hopelessIf(told.cause.Hopeless && told.cause.ExitCode == nil)
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
