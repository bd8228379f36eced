package cause

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
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
