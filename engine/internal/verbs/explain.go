package verbs

import (
	"regexp"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// What the SDK wraps around a cause without adding to it.
var wrappers = regexp.MustCompile(`^(failed (pre|post)-(install|upgrade|rollback|delete): ` +
	`|(pre|post)-(upgrade|rollback) hooks failed: ` +
	`|unable to build kubernetes objects from (new |current )?release manifest: ` +
	`|execution error at |warning: Hook \S+ \S+ failed: )+`)

// explain turns an error of the SDK into the real cause and its kind.
func (a *Action) explain(err error) error {
	f := failure.Of(a.call.Context(), err, a.fallback(err))
	f.Message = wrappers.ReplaceAllString(f.Message, "")
	if phase, known := a.phase.Load().(string); known && a.call.Context().Err() != nil {
		f.Message += " (while " + phase + ")"
	}
	return f
}

// fallback is the kind of an error that nothing else tells: before the claim
// it comes from rendering, after it from the cluster.
func (a *Action) fallback(err error) pb.Failure_Kind {
	switch {
	case a.claim.Written() != nil:
		return pb.Failure_REJECTED
	case strings.Contains(err.Error(), "another operation (install/upgrade/rollback) is in progress"):
		return pb.Failure_CONFLICT
	case strings.Contains(err.Error(), "is forbidden: User"):
		return pb.Failure_FORBIDDEN // `lookup` in a template, which hides the type.
	default:
		return pb.Failure_CHART_INVALID
	}
}
