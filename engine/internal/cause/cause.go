// Package cause finds the first real cause of a failure in the cluster: not that
// a wait timed out, but which container could not start, and what it said.
//
// What an object says of itself is read by pure functions (pod.go,
// container.go, object.go); search.go asks the API server for what is missing,
// evidence.go for logs and events, and words.go makes one line of it.
package cause

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	pb "helmward.dev/engine/internal/enginepb"
)

// When waiting on is called hopeless. What may heal by the work of others, an
// autoscaler or a controller that makes the Secret, is given time.
const (
	// hopelessRestarts: the kubelet's back-off has then grown to 40 seconds, and
	// the container has had more than a minute to find what it needs.
	hopelessRestarts = 3
	// patienceForNodes is what an autoscaler may need to bring a node.
	patienceForNodes = 2 * time.Minute
	// patienceForConfig is what a controller may need to make a Secret or
	// ConfigMap that the container refers to.
	patienceForConfig = time.Minute
)

// Reader is what finding needs of the API server; cluster.Access has it.
type Reader interface {
	// Read asks for one path and decodes the answer into `into`.
	Read(ctx context.Context, path string, query map[string]string, into any) error
	// Text asks for one path and returns at most `most` bytes of the answer.
	Text(ctx context.Context, path string, query map[string]string, most int64) (string, error)
}

// OfPod tells what keeps a pod from being ready; nil while nothing is known to
// be wrong, as with a pod that only just starts. Pure: no request is made.
func OfPod(pod *corev1.Pod, now time.Time) *pb.Cause {
	found := inPod(pod, now)
	if found == nil || found.rank == starting {
		return nil
	}
	return found.cause
}

// OfJob tells why a Job failed or does not run; nil when neither. Pure.
func OfJob(job *batchv1.Job) *pb.Cause {
	if found := inJob(job); found != nil {
		return found.cause
	}
	return nil
}

// Find looks for the first real cause among the objects given (workloads, Jobs,
// Pods, volume claims ...): asks for their pods, the last lines of the log and
// the newest warning event. nil when nothing is found to be wrong.
//
// It ends with the context, or after a few seconds, with what it has by then.
// An answer that cannot be had is done without.
func Find(ctx context.Context, from Reader, objects []*unstructured.Unstructured) *pb.Cause {
	ctx, cancel := context.WithTimeout(ctx, longestSearch)
	defer cancel()
	s := &search{ctx: ctx, from: from, now: time.Now()}
	best := s.among(objects)
	if best == nil {
		return nil
	}
	return s.withEvidence(best)
}
