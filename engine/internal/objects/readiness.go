package objects

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/cli-runtime/pkg/resource"
)

// state is how far an object is.
type state int

const (
	progressing state = iota
	ready
	// failed objects say themselves that they will not become ready.
	failed
)

// rules tell an object's state, and why it is not ready.
type rules func(*unstructured.Unstructured) (state, string)

// asRelease are Helm's rules for a release's objects: those of kstatus. A Job
// counts as ready once it has started. What ails a Pod is read elsewhere, with
// more patience.
func asRelease(object *unstructured.Unstructured) (state, string) {
	result, err := status.Compute(object)
	switch {
	case err != nil:
		return progressing, err.Error()
	case result.Status == status.CurrentStatus:
		return ready, ""
	case result.Status == status.FailedStatus && object.GetKind() != "Pod":
		return failed, result.Message
	default:
		return progressing, result.Message
	}
}

// withJobs waits for Jobs to be done too.
func withJobs(object *unstructured.Unstructured) (state, string) {
	if object.GetKind() == "Job" {
		return asRun(object)
	}
	return asRelease(object)
}

// asRun are the rules for what runs to its end, a Job or a Pod.
func asRun(object *unstructured.Unstructured) (state, string) {
	if object.GetKind() == "Pod" {
		return podRun(object)
	}
	if found, _ := condition(object, "Complete"); found {
		return ready, ""
	}
	if found, words := condition(object, "Failed"); found {
		return failed, words
	}
	return progressing, "it has not ended"
}

func podRun(object *unstructured.Unstructured) (state, string) {
	phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
	switch phase {
	case "Succeeded":
		return ready, ""
	case "Failed":
		reason, _, _ := unstructured.NestedString(object.Object, "status", "reason")
		message, _, _ := unstructured.NestedString(object.Object, "status", "message")
		if reason == "" {
			return failed, "the pod failed"
		}
		return failed, reason + ": " + message
	default:
		return progressing, "it has not ended"
	}
}

// condition says whether a condition is True, and in which words.
func condition(object *unstructured.Unstructured, kind string) (bool, string) {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, entry := range conditions {
		one, _ := entry.(map[string]any)
		if one["type"] == kind && one["status"] == "True" {
			return true, fmt.Sprintf("%v: %v", one["reason"], one["message"])
		}
	}
	return false, ""
}

// atOnceReady are kinds that are ready as soon as they exist; so are the calm
// ones, a Service of a load balancer excepted.
var atOnceReady = map[string]bool{
	"CronJob.batch": true, "ResourceQuota": true, "Endpoints": true, "EndpointSlice.discovery.k8s.io": true,
	"ValidatingWebhookConfiguration.admissionregistration.k8s.io": true,
	"MutatingWebhookConfiguration.admissionregistration.k8s.io":   true,
}

// isWaitedFor says whether there is something to wait for: not with kinds that
// have no status, and not with a Deployment that is paused on purpose.
func isWaitedFor(info *resource.Info) bool {
	kind := info.Mapping.GroupVersionKind.GroupKind().String()
	object, isObject := info.Object.(*unstructured.Unstructured)
	if !isObject {
		return false
	}
	switch kind {
	case "Service":
		of, _, _ := unstructured.NestedString(object.Object, "spec", "type")
		return of == "LoadBalancer"
	case "Deployment.apps":
		paused, _, _ := unstructured.NestedBool(object.Object, "spec", "paused")
		return !paused
	}
	return !calm[kind] && !atOnceReady[kind]
}

// isOld says that an object was heard of as it was before it was written.
func isOld(heard *unstructured.Unstructured, written string) bool {
	if written == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(heard.GetResourceVersion(), written)
	return err == nil && order < 0
}
