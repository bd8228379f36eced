package history

import (
	"context"
	"fmt"
	"maps"

	pb "helmward.dev/engine/internal/enginepb"
)

// ByWriter is who writes, as annotations beside others; nobody named, nothing
// added.
func ByWriter(annotations map[string]string, writer *pb.Writer, instance string) map[string]string {
	all := maps.Clone(annotations)
	if all == nil {
		all = map[string]string{}
	}
	if writer.GetSession() != "" {
		all[Domain+"session"] = writer.GetSession()
		all[Domain+"epoch"] = fmt.Sprint(writer.GetEpoch())
		all[Domain+"instance"] = instance
	}
	return all
}

// CheckNewest says whether a revision is the newest of its release, as storage
// has it now.
func (s *Secrets) CheckNewest(ctx context.Context, base Base) error {
	stamps, err := s.Stamps(ctx)
	if err != nil {
		return err
	}
	if newest, _ := Newest(stamps); newest == nil || !newest.is(base) {
		return movedOn(s.Name, base)
	}
	return nil
}

// CheckStill says whether a revision is as it was seen and none was written after
// it. Unlike CheckNewest it costs the same however many releases there are.
func (s *Secrets) CheckStill(ctx context.Context, base Base) error {
	for number, isBase := range map[int]bool{base.Revision: true, base.Revision + 1: false} {
		stamp, err := s.Stamp(ctx, number)
		if err != nil {
			return fmt.Errorf("read revision %d of release %s: %w", number, s.Name, err)
		}
		if isBase != (stamp != nil) || isBase && !stamp.is(base) {
			return movedOn(s.Name, base)
		}
	}
	return nil
}

// Annotate writes annotations to a revision's Secret and nothing else, if it is
// still the very one that the caller saw.
func (s *Secrets) Annotate(ctx context.Context, base Base, annotations map[string]string) (*Record, error) {
	record, err := s.Load(ctx, base)
	if err != nil {
		return nil, err
	}
	stamp, err := s.mark(ctx, record.Stamp, annotations)
	if err != nil {
		return nil, fmt.Errorf("annotate revision %d of release %s: %w", base.Revision, s.Name, err)
	}
	return s.remember(stamp, record), nil
}

// Note stores a revision again, with annotations, if it is still as it was read.
// Its status and description stay.
func (s *Secrets) Note(ctx context.Context, record *Record, annotations map[string]string) (*Record, error) {
	stamp, err := s.write(ctx, record.Stamp, record.Release, annotations)
	if err != nil {
		return nil, fmt.Errorf("note with revision %d of release %s: %w", record.Stamp.Revision, s.Name, err)
	}
	return s.remember(stamp, record), nil
}

func (s *Secrets) remember(stamp Stamp, record *Record) *Record {
	s.cache.put(s.key, Record{stamp, own(record.Release)})
	return &Record{stamp, record.Release}
}
