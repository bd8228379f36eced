package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	deadlineAnnotation = Domain + "deadline"
	outcomeAnnotation  = Domain + "outcome"
	// outcomeSuperseded tells a revision that was given up while it waited from
	// one that was deployed once: Helm calls both superseded.
	outcomeSuperseded = "superseded"
	// outcomeCancelled marks a revision that failed only because its call ended.
	outcomeCancelled = "cancelled"
)

// inSeconds rounds up: a deadline that is read again must not be sooner.
func inSeconds(deadline time.Time) string {
	return deadline.Add(time.Second - time.Nanosecond).UTC().Format(time.RFC3339)
}

// GivenUp says whether a revision's wait was ended for a newer one. It was
// never known to be good.
func (s Stamp) GivenUp() bool { return s.Annotations[outcomeAnnotation] == outcomeSuperseded }

// CutShort says whether a revision's writer was stopped before it came to an end.
func (s Stamp) CutShort() bool {
	outcome := s.Annotations[outcomeAnnotation]
	return outcome == outcomeBroken || outcome == outcomeCancelled
}

// Waiting is until when a pending revision waits; false when it does not.
func (s Stamp) Waiting() (time.Time, bool) {
	if !s.Status.IsPending() || s.Annotations[Domain+"phase"] != phaseWaiting {
		return time.Time{}, false
	}
	until, err := time.Parse(time.RFC3339, s.Annotations[deadlineAnnotation])
	return until, err == nil
}

// Mark is random, and names this claim.
func (c *Claim) Mark() string { return c.Annotations[claimAnnotation] }

// Wait notes with the claim that all is applied and only waited for, until
// when. Another process can then go on with it.
func (c *Claim) Wait(until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written == nil {
		return nil
	}
	c.Annotations[deadlineAnnotation] = inSeconds(until)
	return c.mark(phaseWaiting)
}

// Adopt takes over a claim whose writer is gone, if nothing has happened to it;
// its phase and deadline stay. The stamps are all revisions there are.
func (c *Claim) Adopt(record *Record, stamps []Stamp) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, value := range record.Stamp.Annotations {
		if _, given := c.Annotations[name]; !given && strings.HasPrefix(name, Domain) {
			c.Annotations[name] = value
		}
	}
	c.Annotations[deadlineAnnotation] = record.Stamp.Annotations[deadlineAnnotation]
	c.known, c.written = []*Record{record}, record
	for _, stamp := range stamps {
		if stamp.UID != record.Stamp.UID {
			c.earlier = append(c.earlier, stamp)
		}
	}
	err := c.mark(phaseWaiting)
	if err != nil {
		c.written = nil
	}
	return err
}

// mark writes the claim's annotations alone; it needs c.mu.
func (c *Claim) mark(phase string) error {
	ctx, done := c.Call.Committing()
	defer done()
	annotations := c.annotated(phase)
	stamp, err := c.surely(ctx,
		func() (Stamp, error) {
			if ended := c.Call.Context(); ended.Err() != nil {
				return Stamp{}, failure.Of(ended, context.Cause(ended), pb.Failure_CANCELLED)
			}
			return c.Secrets.mark(ctx, c.written.Stamp, annotations)
		},
		func(found *Stamp) bool {
			return found.Annotations[Domain+"phase"] == phase &&
				found.Annotations[deadlineAnnotation] == annotations[deadlineAnnotation]
		})
	if err != nil {
		return fmt.Errorf("note that revision %d of release %s waits: %w",
			c.written.Stamp.Revision, c.Secrets.Name, err)
	}
	c.written = &Record{stamp, c.written.Release}
	return nil
}

// GiveUp notes that the wait ends for a newer state: the failure that the SDK
// is about to record is none. It returns what will be stored as the reason.
func (c *Claim) GiveUp(why string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if why == "" {
		why = "a newer state was asked for"
	}
	c.givenUp = why
	return why
}

func (c *Claim) giveUp(rel *release.Release) {
	if c.givenUp == "" || rel.Info.Status != common.StatusFailed {
		return
	}
	rel.Info.Status = common.StatusSuperseded
	rel.Info.Description = made(c.Why, c.givenUp)
	c.ended(outcomeSuperseded)
}

// cutShort says whether a failure comes of the end of the call and not of the
// chart. Too long is a failure of its own.
func (c *Claim) cutShort(rel *release.Release) bool {
	cause := context.Cause(c.Call.Context())
	return rel.Info.Status == common.StatusFailed &&
		(errors.Is(cause, failure.ErrCancelled) || errors.Is(cause, failure.ErrShutdown))
}

// leftWaiting says whether a wait is left for another to go on with: nothing
// has failed, and whoever asked for it is no more.
func (c *Claim) leftWaiting() bool {
	_, waits := c.written.Stamp.Waiting()
	return waits && c.Orphaned != nil && c.Orphaned()
}

// ended notes that the revision did not end by its own.
func (c *Claim) ended(outcome string) {
	c.Annotations = maps.Clone(c.Annotations)
	c.Annotations[outcomeAnnotation] = outcome
}

// mark writes annotations to a revision's Secret if it is still as stamped.
func (s *Secrets) mark(ctx context.Context, at Stamp, annotations map[string]string) (Stamp, error) {
	return s.patch(ctx, at, map[string]any{"metadata": map[string]any{
		"uid": at.UID, "resourceVersion": at.ResourceVersion, "annotations": annotations,
	}})
}
