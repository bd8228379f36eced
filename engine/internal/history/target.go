package history

import (
	"context"
	"fmt"

	helmrelease "helm.sh/helm/v4/pkg/release"
	"helm.sh/helm/v4/pkg/release/common"
)

// AimAt reads the revision that a rollback goes back to; absent is nil. The SDK
// gets a copy of its own: it writes into the hooks that the new revision shares.
func (c *Claim) AimAt(ctx context.Context, revision int) (*Record, error) {
	target, err := c.find(ctx, revision)
	if err != nil || target == nil {
		return nil, err
	}
	c.target = &Record{target.Stamp, own(target.Release)}
	return c.target, nil
}

func (c *Claim) find(ctx context.Context, revision int) (*Record, error) {
	for _, record := range append(c.known, c.deployed) {
		if record != nil && record.Stamp.Revision == revision {
			return record, nil
		}
	}
	return c.Secrets.Read(ctx, revision)
}

// past is the history that the SDK sees of a rollback: the newest revision and
// the target. The newest one's manifest may name kinds that nobody serves, which
// would be no reason not to leave it: what the cluster holds is told to the
// objects' client instead.
func (c *Claim) past() []helmrelease.Releaser {
	seen := []helmrelease.Releaser{c.target.Release}
	for _, record := range c.known {
		if record == nil || record.Stamp.Revision == c.target.Stamp.Revision {
			continue
		}
		without := own(record.Release)
		without.Manifest = ""
		seen = append(seen, without)
	}
	return seen
}

// Fail records a claim that the SDK left pending as failed: a rollback whose
// hook fails just ends.
func (c *Claim) Fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cause == nil || c.written == nil || c.broken != nil || !c.written.Release.Info.Status.IsPending() {
		return
	}
	rel := c.written.Release
	rel.SetStatus(common.StatusFailed, fmt.Sprintf("Rollback %q failed: %s", rel.Name, cause))
	_ = c.record(rel) // What goes wrong with it is kept as broken.
}

// Deployed is the manifest of the deployed revision; empty when there is none.
func (c *Claim) Deployed() string {
	if c.deployed == nil {
		return ""
	}
	return c.deployed.Release.Manifest
}
