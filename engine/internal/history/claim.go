package history

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	release "helm.sh/helm/v4/pkg/release/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Claim is one action's hold on a release: the revision that it writes. It is
// given to the SDK as its storage driver (see driver.go).
type Claim struct {
	Secrets *Secrets
	Call    *call.Call
	Base    Base
	// Why becomes the revision's description.
	Why         string
	Annotations map[string]string
	MaxHistory  int
	// Before runs just before the claim is written and may refuse it.
	Before func() error
	// MakeNamespace runs when the namespace turns out to be absent; may be nil.
	MakeNamespace func(context.Context) error
	// Inventory tells which objects the revision has, once it is deployed; nil where
	// nobody here has applied them.
	Inventory func() map[string]string
	// Orphaned says whether the operator that asked for the action has ended;
	// may be nil.
	Orphaned func() bool

	mu       sync.Mutex
	known    []*Record
	deployed *Record
	// target is the revision that a rollback goes back to.
	target *Record
	// untouched are revisions of which the SDK got copies to write into.
	untouched []*Record
	written   *Record
	earlier   []Stamp
	broken    error
	// givenUp is set once the wait ends for a newer state, with the words for it.
	givenUp string
}

// Annotations of a claim, over those of the request.
func Annotations(request map[string]string, writer *pb.Writer, instance, chart string, deadline time.Time) map[string]string {
	all := maps.Clone(request)
	if all == nil {
		all = map[string]string{}
	}
	all[Domain+"session"] = writer.GetSession()
	all[Domain+"epoch"] = fmt.Sprint(writer.GetEpoch())
	all[Domain+"instance"] = instance
	all[claimAnnotation] = rand.Text()
	all[deadlineAnnotation] = inSeconds(deadline)
	if chart != "" {
		all[Domain+"chart"] = chart
	}
	return all
}

const (
	phaseApplying   = "applying"
	phaseWaiting    = "waiting"
	phaseDone       = "done"
	claimAnnotation = Domain + "claim"
)

func (c *Claim) annotated(phase string) map[string]string {
	all := maps.Clone(c.Annotations)
	all[Domain+"phase"] = phase
	return all
}

// Know tells what storage held before; the SDK asks for it.
func (c *Claim) Know(newest, deployed *Record) {
	c.known = []*Record{newest}
	c.deployed = deployed
}

// Current is the release that is upgraded: the deployed one, else the newest.
func (c *Claim) Current() *release.Release {
	switch {
	case c.deployed != nil:
		return c.deployed.Release
	case len(c.known) > 0:
		return c.known[0].Release
	default:
		return nil
	}
}

// Written is the revision as storage has it; nil before the claim.
func (c *Claim) Written() *Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written
}

// Broken is what went wrong with a status write. The SDK only logs it.
func (c *Claim) Broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// take writes the claim: creating revision N+1 has one winner. One look at
// the list then shows whether N was really the newest.
func (c *Claim) take(rel *release.Release) error {
	if rel.Version != c.Base.Revision+1 {
		return movedOn(rel.Name, c.Base)
	}
	if c.Before != nil {
		if err := c.Before(); err != nil {
			return err
		}
	}
	if c.Why != "" {
		rel.Info.Description = c.Why
	}
	c.describeContents(rel)
	stamp, err := c.create(rel)
	if apierrors.IsAlreadyExists(err) {
		return failure.New(pb.Failure_CONFLICT, "release %s: revision %d was written by another", rel.Name, rel.Version)
	}
	if err != nil {
		c.withdrawUnknown(rel.Version, err)
		return fmt.Errorf("write revision %d of release %s: %w", rel.Version, rel.Name, err)
	}
	c.written = &Record{stamp, rel}
	return c.confirm(stamp)
}

// withdrawUnknown removes a claim of which no answer came: it may be written.
func (c *Claim) withdrawUnknown(revision int, err error) {
	if answered(err) {
		return
	}
	ctx, done := c.Call.Recording()
	defer done()
	if stamp, err := c.Secrets.Stamp(ctx, revision); err == nil && c.isOurs(stamp) {
		_ = c.Secrets.remove(ctx, *stamp)
	}
}

// isOurs says whether a Secret is this very claim.
func (c *Claim) isOurs(stamp *Stamp) bool {
	return stamp != nil && stamp.Annotations[claimAnnotation] == c.Annotations[claimAnnotation]
}

// answered says whether the API server said what became of a request.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code < 500
}

func (c *Claim) create(rel *release.Release) (Stamp, error) {
	ctx, done := c.Call.Committing()
	defer done()
	stamp, err := c.Secrets.create(ctx, rel, c.annotated(phaseApplying))
	if c.MakeNamespace == nil || !isNamespaceAbsent(err) {
		return stamp, err
	}
	if err := c.MakeNamespace(c.Call.Context()); err != nil {
		return Stamp{}, err
	}
	return c.Secrets.create(ctx, rel, c.annotated(phaseApplying))
}

func isNamespaceAbsent(err error) bool {
	return apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// confirm withdraws a claim that stands on a history which moved on: a pruned
// or uninstalled revision's name may be free again.
//
// The end of the call does not break this off: a claim once written ends as a
// failed revision, which tells what happened, and not as a trace of nothing.
func (c *Claim) confirm(claim Stamp) error {
	ctx, done := c.Call.Recording()
	defer done()
	// What was written before the claim is in a list as old as the claim; who
	// writes after it finds the claim.
	stamps, err := c.Secrets.StampsSince(ctx, claim.ResourceVersion)
	if err == nil {
		c.earlier, err = c.check(stamps, claim)
	}
	if err == nil {
		return nil
	}
	c.written = nil
	if removal := c.Secrets.remove(ctx, claim); removal != nil {
		return fmt.Errorf("%w (and its claim could not be withdrawn: %w)", err, removal)
	}
	return err
}

func (c *Claim) check(stamps []Stamp, claim Stamp) ([]Stamp, error) {
	found := c.Base.Revision == 0
	earlier := make([]Stamp, 0, len(stamps))
	for _, stamp := range stamps {
		switch {
		case stamp.UID == claim.UID:
			continue
		case stamp.Revision >= claim.Revision || c.Base.Revision == 0:
			return nil, movedOn(c.Secrets.Name, c.Base)
		case stamp.is(c.Base):
			found = true
		}
		earlier = append(earlier, stamp)
	}
	if !found {
		return nil, movedOn(c.Secrets.Name, c.Base)
	}
	return earlier, nil
}

func sortStamps(stamps []Stamp) {
	slices.SortFunc(stamps, func(a, b Stamp) int { return a.Revision - b.Revision })
}

func sortRecords(records []*Record) {
	slices.SortFunc(records, func(a, b *Record) int { return b.Stamp.Revision - a.Stamp.Revision })
}

// Stands asks storage whether the claim is still the one that was written.
func (c *Claim) Stands(ctx context.Context) error {
	written := c.Written()
	if written == nil {
		return nil
	}
	stamp, err := c.Secrets.Stamp(ctx, written.Stamp.Revision)
	if err != nil {
		return err
	}
	if stamp == nil || !stamp.is(written.Stamp.Base()) {
		return movedOn(c.Secrets.Name, written.Stamp.Base())
	}
	return nil
}

// CheckBase says whether the newest revision listed is the base.
func (c *Claim) CheckBase(stamps []Stamp) error {
	newest, _ := Newest(stamps)
	switch {
	case newest == nil && c.Base.Revision == 0:
		return nil
	case newest == nil || !newest.is(c.Base):
		return movedOn(c.Secrets.Name, c.Base)
	}
	return nil
}

// Hold takes over a history to be purged; its newest revision, the last one,
// is the one whose status is written.
func (c *Claim) Hold(records []*Record) {
	c.known = records
	c.written = records[len(records)-1]
}
