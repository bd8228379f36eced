package history

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	pb "helmward.dev/engine/internal/enginepb"
)

// Domain starts every annotation of ours.
const Domain = "helmward.dev/"

// Base is the newest revision that the caller decided on; revision 0 is none.
type Base struct {
	Revision        int
	UID             string
	ResourceVersion string
}

// BaseOf reads it from a request.
func BaseOf(given *pb.Base) Base {
	return Base{int(given.GetRevision()), given.GetSecretUid(), given.GetSecretResourceVersion()}
}

// Stamp is the metadata of one revision's Secret.
type Stamp struct {
	Revision        int
	Status          common.Status
	UID             string
	ResourceVersion string
	Labels          map[string]string
	Annotations     map[string]string
	Created         time.Time
}

func stampOf(object metav1.ObjectMeta) Stamp {
	return Stamp{
		Revision:        revisionOf(object.Name, object.Labels),
		Status:          common.Status(object.Labels["status"]),
		UID:             string(object.UID),
		ResourceVersion: object.ResourceVersion,
		Labels:          object.Labels,
		Annotations:     object.Annotations,
		Created:         object.CreationTimestamp.Time,
	}
}

// is says whether this is the revision as the caller saw it.
func (s Stamp) is(base Base) bool {
	return s.Revision == base.Revision && s.UID == base.UID && s.ResourceVersion == base.ResourceVersion
}

// Base is this revision as the base of an action.
func (s Stamp) Base() Base { return Base{s.Revision, s.UID, s.ResourceVersion} }

func (s Stamp) modified() time.Time {
	for _, name := range []string{"modifiedAt", "createdAt"} {
		if seconds, err := strconv.ParseInt(s.Labels[name], 10, 64); err == nil {
			return time.Unix(seconds, 0)
		}
	}
	return s.Created
}

// Record is one revision: its Secret's metadata and what is in it.
type Record struct {
	Stamp   Stamp
	Release *release.Release
}

// Message tells a revision over the socket, without manifest and values.
func (r *Record) Message() *pb.Revision {
	rel := r.Release
	message := &pb.Revision{
		Release:               &pb.ReleaseRef{Namespace: rel.Namespace, Name: rel.Name},
		Revision:              int32(rel.Version),
		Status:                rel.Info.Status.String(),
		Description:           rel.Info.Description,
		ModifiedUnixMs:        r.Stamp.modified().UnixMilli(),
		Annotations:           map[string]string{},
		SecretUid:             r.Stamp.UID,
		SecretResourceVersion: r.Stamp.ResourceVersion,
	}
	if rel.Chart != nil && rel.Chart.Metadata != nil {
		message.ChartName = rel.Chart.Metadata.Name
		message.ChartVersion = rel.Chart.Metadata.Version
		message.AppVersion = rel.Chart.Metadata.AppVersion
	}
	for name, value := range r.Stamp.Annotations {
		if strings.HasPrefix(name, Domain) {
			message.Annotations[name] = value
		}
	}
	return message
}

// own copies what the SDK writes into: status, description, hooks' last runs.
func own(rel *release.Release) *release.Release {
	copied := *rel
	info := *rel.Info
	copied.Info = &info
	copied.Labels = maps.Clone(rel.Labels)
	copied.Hooks = make([]*release.Hook, 0, len(rel.Hooks))
	for _, hook := range rel.Hooks {
		if hook == nil {
			continue
		}
		one := *hook
		one.DeletePolicies = slices.Clone(hook.DeletePolicies)
		copied.Hooks = append(copied.Hooks, &one)
	}
	return &copied
}

// Whole is Message with the manifest and notes, and the user's values, where
// asked for.
func (r *Record) Whole(withManifest, withValues bool) (*pb.Revision, error) {
	message := r.Message()
	if withManifest {
		message.Manifest = r.Release.Manifest
		message.Notes = r.Release.Info.Notes
	}
	if !withValues {
		return message, nil
	}
	values := r.Release.Config
	if values == nil {
		values = map[string]any{}
	}
	var err error
	message.ValuesJson, err = json.Marshal(values)
	return message, err
}
