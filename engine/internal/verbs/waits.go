package verbs

import (
	"fmt"
	"time"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/objects"
)

// Admit binds a call to its writer's session, where the writer says for how
// long that holds. It sends nothing, and is to be asked before anything is sent.
func (e *Engine) Admit(of *call.Call, writer *pb.Writer) error {
	if writer.GetValidMs() <= 0 {
		return nil
	}
	if writer.GetSession() == "" {
		return failure.New(pb.Failure_INVALID, "writer.session is required where writer.valid_ms is set")
	}
	return e.Sessions.Admit(of, writer.GetSession(), time.Duration(writer.GetValidMs())*time.Millisecond)
}

// waits is what the client of the objects needs for waiting.
func (a *Action) waits() objects.Waits {
	return objects.Waits{
		Feeds:    a.engine.Feeds,
		Identity: a.call.Identity,
		Begun: func(until time.Time) error {
			if a.call.Deadline.Before(until) {
				until = a.call.Deadline
			}
			return a.claim.Wait(until)
		},
		GivenUp: func() error { return nil },
	}
}

// stamp is what marks the objects after another's claim was broken; the claim's
// own mark makes it unlike any before.
func (a *Action) stamp() string {
	writer := a.request.GetWriter()
	return fmt.Sprintf("%s/%d/%s", writer.GetSession(), writer.GetEpoch(), a.claim.Mark())
}
