package history

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
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

// Annotate writes annotations to a revision's Secret and nothing else, if it is
// still the very one that the caller saw.
func (s *Secrets) Annotate(ctx context.Context, base Base, annotations map[string]string) (*Record, error) {
	record, err := s.Load(ctx, base)
	if err != nil {
		return nil, err
	}
	stamp, err := s.annotate(ctx, record.Stamp, annotations)
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

func (s *Secrets) annotate(ctx context.Context, at Stamp, annotations map[string]string) (Stamp, error) {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": at.UID, "resourceVersion": at.ResourceVersion, "annotations": annotations,
	}})
	if err != nil {
		return Stamp{}, err
	}
	return s.patch(ctx, at, body)
}

// patch merges into a revision's Secret if it is still as stamped; it never
// creates it anew.
func (s *Secrets) patch(ctx context.Context, at Stamp, body []byte) (Stamp, error) {
	written := &metav1.PartialObjectMetadata{}
	err := s.access.Do(ctx, cluster.Request{
		Verb: http.MethodPatch, Path: s.path(secretName(s.Name, at.Revision)),
		Type: "application/merge-patch+json", Body: body,
		Query: map[string]string{"fieldManager": "helmward"}, Accept: cluster.MetadataOnly,
	}, written)
	if failure.IsVersionConflict(err) || apierrors.IsNotFound(err) {
		return Stamp{}, movedOn(s.Name, at.Base())
	}
	return stampOf(written.ObjectMeta), err
}
