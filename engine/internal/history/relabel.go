package history

import (
	"context"
	"strconv"
)

// listed says whether Helm finds a record by its labels.
func (s Stamp) listed(release string, revision int) bool {
	wanted := map[string]string{"owner": owner, "name": release, "version": strconv.Itoa(revision)}
	for name, value := range wanted {
		if s.Labels[name] != value {
			return false
		}
	}
	return true
}

// holds says whether a Secret's name is that of the revision that its labels
// tell of. Else somebody changed them, and it is no record until it has them back.
func (s *Secrets) holds(name string, stamp Stamp) bool {
	return name == secretName(s.Name, stamp.Revision)
}

// relabel gives a record the labels back by which Helm finds it, where somebody
// changed them: nobody sees it then, and nothing can be written in its place.
func (s *Secrets) relabel(ctx context.Context, revision int) error {
	stamp, err := s.Stamp(ctx, revision)
	if err != nil || stamp == nil || stamp.listed(s.Name, revision) {
		return err
	}
	record, err := s.Read(ctx, revision)
	if err != nil || record == nil || record.Release.Name != s.Name || record.Release.Version != revision {
		return err
	}
	at := record.Stamp
	at.Revision = revision
	_, err = s.patch(ctx, at, map[string]any{"metadata": map[string]any{
		"uid": at.UID, "resourceVersion": at.ResourceVersion,
		"labels": labels(record.Release, "modifiedAt", at.modified().Unix()),
	}})
	return err
}
