// Package cause finds the first real cause of a failure in the cluster: not that
// a wait timed out, but which container could not start, and what it said.
package cause

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	pb "helmward.dev/engine/internal/enginepb"
)

// Reader is what finding needs of the API server; cluster.Access has it.
type Reader interface {
	// Read asks for one path and decodes the answer into `into`.
	Read(ctx context.Context, path string, query map[string]string, into any) error
	// Text asks for one path and returns at most `most` bytes of the answer.
	Text(ctx context.Context, path string, query map[string]string, most int64) (string, error)
}

// OfPod tells what keeps a pod from being ready; nil while nothing is known to
// be wrong. Pure: no request is made.
func OfPod(pod *corev1.Pod, now time.Time) *pb.Cause { return nil }

// OfJob tells why a Job failed; nil when it did not. Pure.
func OfJob(job *batchv1.Job) *pb.Cause { return nil }

// Find looks for the first real cause among the objects given (workloads, Jobs,
// Pods, volume claims): asks for their pods, the last lines of the log and the
// newest warning event. nil when nothing is found to be wrong.
func Find(ctx context.Context, from Reader, objects []*unstructured.Unstructured) *pb.Cause { return nil }

// Words puts a cause into one line for a condition.
func Words(cause *pb.Cause) string { return "" }
