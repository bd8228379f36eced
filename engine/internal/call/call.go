// Package call carries what every request of one RPC shares: on whose behalf,
// until when, and how many requests it cost.
package call

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/client-go/rest"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// grace is how long storage may still be written after a call has ended, so
// that its revision is left failed and not pending.
const grace = 10 * time.Second

// Call is one RPC.
type Call struct {
	ID       string
	Deadline time.Time
	Identity Identity

	ctx      context.Context
	cancel   context.CancelCauseFunc
	started  time.Time
	requests atomic.Int32
	total    *atomic.Int64
	// fence is set before the first request, or never.
	fence *fence
}

// Identity is who the API server sees; the zero value is nobody and unusable.
type Identity struct {
	Operator bool
	User     string
	Groups   []string
}

// Key tells identities apart in caches.
func (i Identity) Key() string {
	if i.Operator {
		return "operator"
	}
	return "user\x00" + i.User + "\x00" + strings.Join(i.Groups, "\x00")
}

// Impersonation is empty for the operator's own credentials.
func (i Identity) Impersonation() rest.ImpersonationConfig {
	if i.Operator {
		return rest.ImpersonationConfig{}
	}
	return rest.ImpersonationConfig{UserName: i.User, Groups: i.Groups}
}

// Begin checks what every call must say and binds it to its deadline. The
// caller ends it.
func Begin(parent context.Context, request *pb.Call, total *atomic.Int64) (*Call, error) {
	identity, err := identityOf(request.GetIdentity())
	if err != nil {
		return nil, err
	}
	millis := request.GetDeadlineUnixMs()
	if millis <= 0 {
		return nil, status.Error(codes.InvalidArgument, "call.deadline_unix_ms is required")
	}
	deadline := time.UnixMilli(millis)
	if !time.Now().Before(deadline) {
		return nil, status.Error(codes.DeadlineExceeded, "the call's deadline has passed")
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	c := &Call{
		ID: request.GetId(), Deadline: deadline, Identity: identity,
		ctx: ctx, cancel: cancel, started: time.Now(), total: total,
	}
	c.follow(parent)
	return c, nil
}

// follow ends the call with its caller or its deadline, and remembers which.
func (c *Call) follow(parent context.Context) {
	timer := time.AfterFunc(time.Until(c.Deadline), func() { c.cancel(failure.ErrDeadline) })
	context.AfterFunc(c.ctx, func() { timer.Stop() })
	context.AfterFunc(parent, func() {
		if context.Cause(parent) == context.DeadlineExceeded {
			c.cancel(failure.ErrDeadline)
			return
		}
		c.cancel(failure.ErrCancelled)
	})
}

func identityOf(identity *pb.Identity) (Identity, error) {
	refused := func(why string) (Identity, error) {
		return Identity{}, status.Error(codes.InvalidArgument, "call.identity: "+why)
	}
	switch subject := identity.GetSubject().(type) {
	case *pb.Identity_Operator:
		if !subject.Operator {
			return refused("operator must be true or a user be named")
		}
		return Identity{Operator: true}, nil
	case *pb.Identity_User:
		name := subject.User.GetName()
		if strings.TrimSpace(name) == "" {
			return refused("the user's name is empty")
		}
		return Identity{User: name, Groups: subject.User.GetGroups()}, nil
	default:
		return refused("required")
	}
}

// Context ends when the call does; its cause says why.
func (c *Call) Context() context.Context { return c.ctx }

// Cancel ends the call for the reason given.
func (c *Call) Cancel(reason error) { c.cancel(reason) }

// End releases what the call holds.
func (c *Call) End() {
	c.cancel(failure.ErrCancelled)
	c.fence.leave(c)
}

// Requests is how many API requests left so far.
func (c *Call) Requests() int32 { return c.requests.Load() }

// Duration is how long the call has run.
func (c *Call) Duration() time.Duration { return time.Since(c.started) }

type (
	recordingKey  struct{}
	committingKey struct{}
)

// Committing gives a context for the one write of which it must be known
// whether it happened. It leaves only while the call lives, but once it has
// left, the call's end does not break it off.
func (c *Call) Committing() (context.Context, context.CancelFunc) {
	ctx := context.WithValue(context.WithoutCancel(c.ctx), committingKey{}, true)
	return context.WithTimeout(ctx, grace)
}

// Recording gives a context for one storage write, which may leave after the
// call has ended but not much later.
func (c *Call) Recording() (context.Context, context.CancelFunc) {
	ctx := context.WithValue(context.WithoutCancel(c.ctx), recordingKey{}, true)
	return context.WithTimeout(ctx, grace)
}
