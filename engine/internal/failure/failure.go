// Package failure holds the one error type that crosses the socket: a kind
// that the operator acts on, and the real cause in plain words.
package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
)

// Failure is an error that already knows its kind.
type Failure struct {
	Kind    pb.Failure_Kind
	Message string
	// Cause is what in the cluster is to blame, where that is known.
	Cause *pb.Cause
	// RetryAfter is how long the other side asked us to wait; 0: it did not.
	RetryAfter time.Duration
	// Violations are what schemas refuse, of VALUES_INVALID.
	Violations []*pb.Violation
	cause      error
}

func (f *Failure) Error() string { return f.Message }

// Unwrap gives the foreign error it was made of.
func (f *Failure) Unwrap() error { return f.cause }

// New makes a failure from words; a wrapped error (%w) stays reachable.
func New(kind pb.Failure_Kind, format string, values ...any) *Failure {
	err := fmt.Errorf(format, values...)
	return &Failure{Kind: kind, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Blaming is New with what in the cluster is to blame.
func Blaming(kind pb.Failure_Kind, cause *pb.Cause, format string, values ...any) *Failure {
	f := New(kind, format, values...)
	f.Cause = cause
	return f
}

// CauseOf is what in the cluster an error blames; nil where nothing is known.
func CauseOf(err error) *pb.Cause {
	var f *Failure
	if errors.As(err, &f) {
		return f.Cause
	}
	return nil
}

// Is says whether an error is, or wraps, a failure of the kind.
func Is(err error, kind pb.Failure_Kind) bool {
	var f *Failure
	return errors.As(err, &f) && f.Kind == kind
}

// Reasons why a call ends before its work does; they are causes of contexts.
var (
	ErrCancelled = errors.New("cancelled by the caller")
	ErrShutdown  = errors.New("cancelled: the engine is being stopped")
	ErrDeadline  = errors.New("the deadline has passed")
	// ErrSessionLost is a failure already: status writes must see its kind too.
	ErrSessionLost = New(pb.Failure_SESSION_LOST, "the operator's session may not write any more")
)

// Of finds the kind of any error. An error whose kind nothing tells gets the
// fallback. The context is the call's own: its end explains most other errors.
func Of(ctx context.Context, err error, fallback pb.Failure_Kind) *Failure {
	if err == nil {
		return nil
	}
	var known *Failure
	if errors.As(err, &known) && known.Kind != pb.Failure_CLUSTER_UNAVAILABLE {
		return &Failure{
			Kind: known.Kind, Message: withoutRepeat(err.Error(), known),
			Cause: known.Cause, RetryAfter: known.RetryAfter, Violations: known.Violations, cause: err,
		}
	}
	if ctx.Err() != nil {
		return ended(ctx, err)
	}
	if known != nil {
		return known
	}
	if f := ofAPI(err); f != nil {
		return f
	}
	return &Failure{Kind: fallback, Message: err.Error(), cause: err}
}

// withoutRepeat keeps what wraps a failure when it says more.
func withoutRepeat(whole string, known *Failure) string {
	switch known.Kind {
	case pb.Failure_HOOK_FAILED, pb.Failure_NOT_OWNED, pb.Failure_NOT_READY,
		pb.Failure_SUPERSEDED, pb.Failure_SESSION_LOST:
		return known.Message
	default:
		return whole
	}
}

func ended(ctx context.Context, err error) *Failure {
	cause := context.Cause(ctx)
	if known := new(Failure); errors.As(cause, &known) {
		own := *known // The caller may add words; the cause is everybody's.
		return &own
	}
	kind := pb.Failure_CANCELLED
	if errors.Is(cause, ErrDeadline) || errors.Is(cause, context.DeadlineExceeded) {
		kind = pb.Failure_TIMEOUT
		cause = ErrDeadline
	}
	message := cause.Error()
	if !errors.Is(err, cause) && !errors.Is(err, context.Canceled) &&
		!errors.Is(err, context.DeadlineExceeded) {
		message = fmt.Sprintf("%s: %s", message, err)
	}
	return &Failure{Kind: kind, Message: message, cause: err}
}

// Message turns an error into what goes over the socket.
func Message(ctx context.Context, err error, fallback pb.Failure_Kind) *pb.Failure {
	f := Of(ctx, err, fallback)
	if f == nil {
		return nil
	}
	return &pb.Failure{
		Kind: f.Kind, Message: Shorten(f.Message), Cause: f.Cause,
		RetryAfterMs: f.RetryAfter.Milliseconds(), Violations: f.Violations,
	}
}

const longest = 8 << 10

// Shorten bounds a message; its end is the least telling part. The mark tells
// whoever masks secrets that one may have been cut in two.
func Shorten(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
