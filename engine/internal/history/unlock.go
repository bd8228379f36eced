package history

import (
	"context"
	"fmt"

	"helm.sh/helm/v4/pkg/release/common"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// outcomeBroken marks a revision that its writer left and another ended.
const outcomeBroken = "broken"

// made says of a revision why it was made and what ended it.
func made(why, how string) string {
	if why == "" || how == "" {
		return why + how
	}
	return why + ": " + how
}

// Unlock turns a pending revision into a failed one, if it is still the very
// one that the caller saw. Why it was made stays in its description.
func (s *Secrets) Unlock(ctx context.Context, base Base, description string) (*Record, error) {
	record, err := s.Load(ctx, base)
	if err != nil {
		return nil, err
	}
	rel := own(record.Release)
	if !rel.Info.Status.IsPending() {
		return nil, failure.New(pb.Failure_CONFLICT, "release %s: revision %d is %s, not pending",
			s.Name, base.Revision, rel.Info.Status)
	}
	rel.SetStatus(common.StatusFailed, made(rel.Info.Description, description))
	stamp, err := s.write(ctx, record.Stamp, rel, map[string]string{
		Domain + "phase": phaseDone, Domain + "outcome": outcomeBroken,
	})
	if err != nil {
		return nil, fmt.Errorf("unlock revision %d of release %s: %w", base.Revision, s.Name, err)
	}
	unlocked := Record{stamp, rel}
	s.cache.put(s.key, unlocked)
	return &unlocked, nil
}
