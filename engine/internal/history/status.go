package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// record writes the claim's status if the claim still stands. Once deployed,
// older deployed revisions are superseded: in this order a stop in between
// leaves two deployed revisions and never none.
func (c *Claim) record(rel *release.Release) error {
	if c.written == nil || rel.Version != c.written.Stamp.Revision {
		return nil
	}
	phase := phaseDone
	if rel.Info.Status.IsPending() || rel.Info.Status == common.StatusUninstalling {
		if c.Call.Context().Err() != nil {
			return nil
		}
		phase = phaseApplying
	}
	c.describe(rel)
	c.giveUp(rel)
	if c.cutShort(rel) {
		if c.leftWaiting() {
			return nil
		}
		c.ended(outcomeCancelled)
	}
	if rel.Info.Status == common.StatusDeployed {
		c.takeStock()
	}
	ctx, done := c.Call.Recording()
	defer done()
	stamp, err := c.writeSurely(ctx, rel, phase)
	if err != nil {
		c.broken = err
		return err
	}
	c.written = &Record{stamp, rel}
	c.Secrets.cache.put(c.Secrets.key, Record{stamp, own(rel)})
	if rel.Info.Status == common.StatusDeployed {
		c.supersede()
	}
	return nil
}

// writeSurely writes a status in spite of an API server that is away for a
// moment: a release must not stay pending for that.
func (c *Claim) writeSurely(ctx context.Context, rel *release.Release, phase string) (Stamp, error) {
	return c.surely(ctx,
		func() (Stamp, error) { return c.Secrets.write(ctx, c.written.Stamp, rel, c.annotated(phase)) },
		func(found *Stamp) bool {
			return found.Status == rel.Info.Status && found.Annotations[Domain+"phase"] == phase
		})
}

// surely repeats a write of the claim until it is answered. Where no answer
// came, the next try may find it written already.
func (c *Claim) surely(ctx context.Context, write func() (Stamp, error), isWritten func(*Stamp) bool) (Stamp, error) {
	unsure := false
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		stamp, err := write()
		if err == nil {
			return stamp, nil
		}
		if failure.Is(err, pb.Failure_CONFLICT) && unsure {
			if found, reading := c.Secrets.Stamp(ctx, c.written.Stamp.Revision); reading == nil &&
				c.isOurs(found) && isWritten(found) {
				return *found, nil
			}
		}
		if known := new(failure.Failure); answered(err) || errors.As(err, &known) {
			return Stamp{}, err
		}
		unsure = true
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Stamp{}, err
		}
	}
}

func (c *Claim) describe(rel *release.Release) {
	switch {
	case c.Why == "":
	case rel.Info.Status == common.StatusFailed:
		rel.Info.Description = c.Why + ": " + failure.Shorten(rel.Info.Description)
	default:
		rel.Info.Description = c.Why
	}
}

// supersede is upkeep: who writes the next revision, or sweeps, does it again.
func (c *Claim) supersede() {
	for i, stamp := range c.earlier {
		if stamp.Status != common.StatusDeployed {
			continue
		}
		ctx, done := c.Call.Recording()
		if record := c.load(ctx, stamp); record != nil {
			record.Release.Info.Status = common.StatusSuperseded
			if written, err := c.Secrets.write(ctx, stamp, record.Release, nil); err == nil {
				c.earlier[i] = written
			}
		}
		done()
	}
}

// Supersede marks every deployed revision but the good one as superseded.
func (s *Secrets) Supersede(ctx context.Context, records []*Record, good Stamp) error {
	for _, record := range records {
		if record.Stamp.UID == good.UID || record.Stamp.Status != common.StatusDeployed {
			continue
		}
		record.Release.Info.Status = common.StatusSuperseded
		if _, err := s.write(ctx, record.Stamp, record.Release, nil); err != nil {
			return fmt.Errorf("mark revision %d of release %s as superseded: %w", record.Stamp.Revision, s.Name, err)
		}
	}
	return nil
}

func (c *Claim) load(ctx context.Context, stamp Stamp) *Record {
	for _, record := range slices.Concat(c.untouched, c.known, []*Record{c.deployed}) {
		if record != nil && record.Stamp.is(stamp.Base()) {
			return record
		}
	}
	record, err := c.Secrets.Read(ctx, stamp.Revision)
	if err != nil || record == nil || !record.Stamp.is(stamp.Base()) {
		return nil
	}
	return record
}

// Prune deletes the oldest revisions beyond the number kept, but neither the
// newest deployed one nor the claim.
func (c *Claim) Prune() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.MaxHistory <= 0 || c.written == nil || c.Call.Context().Err() != nil {
		return
	}
	_, deployed := Newest(c.earlier)
	surplus := len(c.earlier) + 1 - c.MaxHistory
	for _, stamp := range c.earlier {
		if surplus <= 0 {
			return
		}
		if deployed != nil && stamp.UID == deployed.UID {
			continue
		}
		if err := c.Secrets.remove(c.Call.Context(), stamp); err != nil {
			return
		}
		surplus--
	}
}
