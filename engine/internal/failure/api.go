package failure

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	pb "helmward.dev/engine/internal/enginepb"
)

// ofAPI recognises what the API server, or the way to it, said.
func ofAPI(err error) *Failure {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return &Failure{Kind: kindOf(err, status.Status()), Message: err.Error(), cause: err}
	}
	if meta.IsNoMatchError(err) {
		return &Failure{Kind: pb.Failure_REJECTED, Message: err.Error(), cause: err}
	}
	if unreachable(err) {
		message := "the API server cannot be reached: " + err.Error()
		return &Failure{Kind: pb.Failure_CLUSTER_UNAVAILABLE, Message: message, cause: err}
	}
	return nil
}

// IsAbout says whether the API server's error is of one of the kinds.
func IsAbout(err error, kinds ...pb.Failure_Kind) bool {
	if err == nil {
		return false
	}
	f := ofAPI(err)
	return f != nil && slices.Contains(kinds, f.Kind)
}

func kindOf(err error, status metav1.Status) pb.Failure_Kind {
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return pb.Failure_NAMESPACE_TERMINATING
	case apierrors.IsForbidden(err):
		return kindOfForbidden(status.Message)
	case apierrors.IsUnauthorized(err):
		return pb.Failure_FORBIDDEN
	case apierrors.IsNotFound(err):
		if status.Details != nil && status.Details.Kind == "namespaces" {
			return pb.Failure_NAMESPACE_NOT_FOUND
		}
		return pb.Failure_REJECTED
	case apierrors.IsConflict(err) && !isFieldConflict(status), apierrors.IsAlreadyExists(err):
		return pb.Failure_CONFLICT
	case aboutObject.MatchString(status.Message):
		return pb.Failure_REJECTED
	case status.Code >= 500 || apierrors.IsTooManyRequests(err):
		return pb.Failure_CLUSTER_UNAVAILABLE
	default:
		return pb.Failure_REJECTED
	}
}

// Quota and admission answer 403 like RBAC does; only RBAC says "cannot".
func kindOfForbidden(message string) pb.Failure_Kind {
	if strings.Contains(message, " cannot ") {
		return pb.Failure_FORBIDDEN
	}
	return pb.Failure_REJECTED
}

func isFieldConflict(status metav1.Status) bool {
	if status.Details == nil {
		return false
	}
	for _, cause := range status.Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			return true
		}
	}
	return false
}

// IsVersionConflict says that a precondition failed: the object moved on.
func IsVersionConflict(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsConflict(err) && errors.As(err, &status) && !isFieldConflict(status.Status())
}

// IsQuotaConflict says that the quota's own bookkeeping lost a race.
func IsQuotaConflict(err error) bool {
	return apierrors.IsConflict(err) && strings.Contains(err.Error(), "on resourcequotas")
}

// IsUnreachable says that nobody answered at all.
func IsUnreachable(err error) bool {
	var status apierrors.APIStatus
	return err != nil && !errors.As(err, &status) && unreachable(err)
}

func unreachable(err error) bool {
	var network net.Error
	var address *url.Error
	return errors.As(err, &network) || errors.As(err, &address) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// OfObject says which object the API server refused. What it says of a Secret
// may quote the Secret: only the fields' paths are repeated.
func OfObject(err error, kind, name string) error {
	if err == nil {
		return nil
	}
	f := ofAPI(err)
	if f == nil {
		return fmt.Errorf("%s %s: %w", kind, name, err)
	}
	message := f.Message
	if kind == "Secret" && (f.Kind == pb.Failure_REJECTED || f.Kind == pb.Failure_CLUSTER_UNAVAILABLE) {
		message = withoutValues(err)
	}
	return &Failure{Kind: f.Kind, Message: fmt.Sprintf("%s %s: %s", kind, name, message), cause: err}
}

// aboutObject finds what comes as 500 and is the object's fault all the same.
var aboutObject = regexp.MustCompile(`failed calling webhook|failed to create typed patch object` +
	`|unable to convert unstructured object`)

// harmless says what is wrong without quoting anything.
var harmless = regexp.MustCompile(`illegal base64 data at input byte \d+|unknown field "[^"]*"` +
	`|\S+: field not declared in schema`)

func withoutValues(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err.Error() // Not the server's words about the object.
	}
	answer := status.Status()
	if answer.Code == 403 || strings.Contains(answer.Message, "admission") {
		return answer.Message // Admission speaks for itself; RBAC and quota quote nothing.
	}
	words := []string{"refused"}
	if answer.Reason != "" {
		words[0] = fmt.Sprintf("refused as %s", answer.Reason)
	}
	if found := harmless.FindString(answer.Message); found != "" {
		words = append(words, found)
	}
	if answer.Details != nil {
		for _, cause := range answer.Details.Causes {
			words = append(words, fmt.Sprintf("%s: %s", cause.Field, cause.Type))
		}
	}
	return strings.Join(words, "; ") + " (more could show the Secret's content)"
}
