package history

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Secrets reads and writes the history of one release.
type Secrets struct {
	Namespace string
	Name      string

	access *cluster.Access
	cache  *Cache
	key    cacheKey
}

// Open names a release's history.
func Open(access *cluster.Access, cache *Cache, identity, namespace, name string) *Secrets {
	return &Secrets{
		Namespace: namespace, Name: name, access: access, cache: cache,
		key: cacheKey{identity, namespace, name},
	}
}

func (s *Secrets) path(name string) string {
	path := "/api/v1/namespaces/" + s.Namespace + "/secrets"
	if name != "" {
		path += "/" + name
	}
	return path
}

func (s *Secrets) selector() map[string]string {
	return map[string]string{"labelSelector": "owner=" + owner + ",name=" + s.Name}
}

// Stamps lists the metadata of all revisions, oldest first, as they are now.
func (s *Secrets) Stamps(ctx context.Context) ([]Stamp, error) {
	return s.stamps(ctx, s.selector())
}

// StampsSince lists them as they were at the version given or later. The
// server answers that from memory once it has seen that version.
func (s *Secrets) StampsSince(ctx context.Context, version string) ([]Stamp, error) {
	query := s.selector()
	query["resourceVersion"] = version
	query["resourceVersionMatch"] = string(metav1.ResourceVersionMatchNotOlderThan)
	return s.stamps(ctx, query)
}

func (s *Secrets) stamps(ctx context.Context, query map[string]string) ([]Stamp, error) {
	found := &metav1.PartialObjectMetadataList{}
	request := cluster.Request{
		Verb: http.MethodGet, Path: s.path(""), Query: query, Accept: cluster.MetadataOnlyList,
	}
	if err := s.access.Do(ctx, request, found); err != nil {
		return nil, fmt.Errorf("list the history of release %s: %w", s.Name, err)
	}
	stamps := make([]Stamp, 0, len(found.Items))
	for i := range found.Items {
		if stamp := stampOf(found.Items[i].ObjectMeta); s.holds(found.Items[i].Name, stamp) {
			stamps = append(stamps, stamp)
		}
	}
	sortStamps(stamps)
	return stamps, nil
}

// Stamp reads one revision's metadata; absent is nil.
func (s *Secrets) Stamp(ctx context.Context, revision int) (*Stamp, error) {
	live, err := s.access.Metadata(ctx, s.path(secretName(s.Name, revision)))
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	stamp := stampOf(live.ObjectMeta)
	return &stamp, nil
}

// Read gets one revision; absent is nil.
func (s *Secrets) Read(ctx context.Context, revision int) (*Record, error) {
	secret := &corev1.Secret{}
	request := cluster.Request{Verb: http.MethodGet, Path: s.path(secretName(s.Name, revision))}
	err := s.access.Do(ctx, request, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read revision %d of release %s: %w", revision, s.Name, err)
	}
	record, err := recordOf(secret)
	if err != nil {
		return nil, err
	}
	s.cache.put(s.key, Record{record.Stamp, own(record.Release)})
	return record, nil
}

// Load gets the revision that an action is based on; another version of it,
// or its absence, is a conflict.
func (s *Secrets) Load(ctx context.Context, base Base) (*Record, error) {
	if record := s.cache.get(s.key, base); record != nil {
		return record, nil
	}
	record, err := s.Read(ctx, base.Revision)
	if err != nil {
		return nil, err
	}
	if record == nil || !record.Stamp.is(base) {
		return nil, movedOn(s.Name, base)
	}
	return record, nil
}

// All reads every revision, newest first.
func (s *Secrets) All(ctx context.Context) ([]*Record, error) {
	found := &corev1.SecretList{}
	request := cluster.Request{Verb: http.MethodGet, Path: s.path(""), Query: s.selector()}
	if err := s.access.Do(ctx, request, found); err != nil {
		return nil, fmt.Errorf("list the history of release %s: %w", s.Name, err)
	}
	records := make([]*Record, 0, len(found.Items))
	for i := range found.Items {
		record, err := recordOf(&found.Items[i])
		if err != nil {
			return nil, err
		}
		if s.holds(found.Items[i].Name, record.Stamp) {
			records = append(records, record)
		}
	}
	sortRecords(records)
	return records, nil
}

func recordOf(secret *corev1.Secret) (*Record, error) {
	rel, err := decode(secret.Data["release"])
	if err != nil {
		return nil, failure.New(pb.Failure_INTERNAL, "Secret %s/%s is no readable release: %w",
			secret.Namespace, secret.Name, err)
	}
	rel.Labels = ownLabels(secret.Labels)
	return &Record{Stamp: stampOf(secret.ObjectMeta), Release: rel}, nil
}

func movedOn(name string, base Base) error {
	return failure.New(pb.Failure_CONFLICT,
		"release %s: revision %d is not (any more) what the decision was made on", name, base.Revision)
}

// create writes a new revision; that its name is taken is the conflict.
func (s *Secrets) create(ctx context.Context, rel *release.Release, annotations map[string]string) (Stamp, error) {
	value, err := encode(rel)
	if err != nil {
		return Stamp{}, err
	}
	secret := &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name:        secretName(rel.Name, rel.Version),
			Labels:      labels(rel, "createdAt", time.Now().Unix()),
			Annotations: annotations,
		},
		Type: secretType,
		Data: map[string][]byte{"release": value},
	}
	body, err := json.Marshal(secret)
	if err != nil {
		return Stamp{}, err
	}
	created := &metav1.PartialObjectMetadata{}
	err = s.access.Do(ctx, cluster.Request{
		Verb: http.MethodPost, Path: s.path(""), Type: "application/json", Body: body,
		Query: map[string]string{"fieldManager": "helmward"}, Accept: cluster.MetadataOnly,
	}, created)
	return stampOf(created.ObjectMeta), err
}

// write replaces a revision's record if it is still as stamped. A merge patch
// keeps what others put on the Secret, and never creates it anew.
func (s *Secrets) write(ctx context.Context, at Stamp, rel *release.Release, annotations map[string]string) (Stamp, error) {
	value, err := encode(rel)
	if err != nil {
		return Stamp{}, err
	}
	metadata := map[string]any{
		"uid": at.UID, "resourceVersion": at.ResourceVersion,
		"labels": rewritten(rel),
	}
	if annotations != nil {
		metadata["annotations"] = annotations
	}
	return s.patch(ctx, at, map[string]any{
		"metadata": metadata,
		"data":     map[string][]byte{"release": value},
	})
}

// rewritten are the labels of a record that is written again: as Helm's, they
// tell the time of the last write alone.
func rewritten(rel *release.Release) map[string]any {
	all := map[string]any{"createdAt": nil}
	for name, value := range labels(rel, "modifiedAt", time.Now().Unix()) {
		all[name] = value
	}
	return all
}

// patch changes a revision's Secret, if it is still as stamped: the version
// stands in the content.
func (s *Secrets) patch(ctx context.Context, at Stamp, content map[string]any) (Stamp, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return Stamp{}, err
	}
	written := &metav1.PartialObjectMetadata{}
	err = s.access.Do(ctx, cluster.Request{
		Verb: http.MethodPatch, Path: s.path(secretName(s.Name, at.Revision)),
		Type: "application/merge-patch+json", Body: body,
		Query: map[string]string{"fieldManager": "helmward"}, Accept: cluster.MetadataOnly,
	}, written)
	if failure.IsVersionConflict(err) || apierrors.IsNotFound(err) {
		return Stamp{}, movedOn(s.Name, at.Base())
	}
	return stampOf(written.ObjectMeta), err
}

// remove deletes a revision's Secret, if it is still that one.
func (s *Secrets) remove(ctx context.Context, at Stamp) error {
	body, err := json.Marshal(metav1.DeleteOptions{
		TypeMeta:      metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
		Preconditions: metav1.NewUIDPreconditions(at.UID),
	})
	if err != nil {
		return err
	}
	err = s.access.Do(ctx, cluster.Request{
		Verb: http.MethodDelete, Path: s.path(secretName(s.Name, at.Revision)),
		Type: "application/json", Body: body, Accept: cluster.MetadataOnly,
	}, nil)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// Newest is the newest revision, and the newest deployed one.
func Newest(stamps []Stamp) (newest, deployed *Stamp) {
	for i := range stamps {
		newest = &stamps[i]
		if stamps[i].Status == common.StatusDeployed {
			deployed = &stamps[i]
		}
	}
	return newest, deployed
}
