package objects

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/util/csaupgrade"

	release "helm.sh/helm/v4/pkg/release/v1"

	"helmward.dev/engine/internal/cluster"
)

const (
	managedBy        = "app.kubernetes.io/managed-by"
	releaseName      = "meta.helm.sh/release-name"
	releaseNamespace = "meta.helm.sh/release-namespace"
)

// foreignError says that an object exists and is somebody else's.
type foreignError struct{ words string }

func (e *foreignError) Error() string { return e.words }

// look reads an object's metadata and says at which version it may be
// written. Absent is the zero version.
func (c *Client) look(info *resource.Info, trusted bool) (version, error) {
	live, err := c.access.Metadata(c.ctx, path(info))
	if apierrors.IsNotFound(err) {
		return version{}, nil
	}
	if err != nil {
		return version{}, err
	}
	if isReleaseObject(info) {
		if owner := c.refusedOwner(live, trusted); owner != "" {
			kind := info.Mapping.GroupVersionKind.Kind
			return version{}, &foreignError{fmt.Sprintf("%s %s (%s)", kind, qualified(info), owner)}
		}
	}
	if live, err = c.migrate(info, live); err != nil {
		return version{}, err
	}
	return version{string(live.UID), live.ResourceVersion}, nil
}

// lookOnly finds further objects that are not ours, once one is known.
func (a *application) lookOnly(info *resource.Info) error {
	if info.Name == "" {
		return nil
	}
	_, err := a.client.lookUnchanged(info, a.trusted.Contains(info))
	var foreign *foreignError
	if errors.As(err, &foreign) {
		a.mu.Lock()
		a.notOwned = append(a.notOwned, foreign.Error())
		a.mu.Unlock()
	}
	return nil
}

// lookUnchanged looks without adopting the object.
func (c *Client) lookUnchanged(info *resource.Info, trusted bool) (version, error) {
	live, err := c.access.Metadata(c.ctx, path(info))
	if err != nil {
		return version{}, err
	}
	if owner := c.refusedOwner(live, trusted); owner != "" {
		kind := info.Mapping.GroupVersionKind.Kind
		return version{}, &foreignError{fmt.Sprintf("%s %s (%s)", kind, qualified(info), owner)}
	}
	return version{string(live.UID), live.ResourceVersion}, nil
}

// refusedOwner says whose an object is that may not be taken: taken is, when
// that is asked for, what belongs to no release.
func (c *Client) refusedOwner(live *metav1.PartialObjectMetadata, trusted bool) string {
	owner := c.foreignOwner(live, trusted)
	if owner != "" && c.TakeOwnership && c.isNobodys(live) {
		return ""
	}
	return owner
}

// isNobodys says whether an object carries no release's marks, or those of one
// that is gone. What cannot be found out counts as somebody's.
func (c *Client) isNobodys(live *metav1.PartialObjectMetadata) bool {
	name, namespace := live.Annotations[releaseName], live.Annotations[releaseNamespace]
	if name == "" && namespace == "" || name == c.Release && namespace == c.Namespace {
		return true
	}
	revisions := &metav1.PartialObjectMetadataList{}
	err := c.access.Do(c.ctx, cluster.Request{
		Verb: http.MethodGet, Path: "/api/v1/namespaces/" + url.PathEscape(namespace) + "/secrets",
		Query:  map[string]string{"labelSelector": "owner=helm,name=" + name, "limit": "1"},
		Accept: cluster.MetadataOnlyList,
	}, revisions)
	return err == nil && len(revisions.Items) == 0
}

// foreignOwner says whose an object is, in words; empty when it is this
// release's. A trusted object may have lost its marks, but it must not carry
// another's.
func (c *Client) foreignOwner(live *metav1.PartialObjectMetadata, trusted bool) string {
	name, namespace := live.Annotations[releaseName], live.Annotations[releaseNamespace]
	switch {
	case name == c.Release && namespace == c.Namespace && (trusted || live.Labels[managedBy] == "Helm"):
		return ""
	case name != "" || namespace != "":
		return fmt.Sprintf("of release %s/%s", namespace, name)
	case trusted:
		return ""
	default:
		return "not managed by Helm"
	}
}

// Those who may have written our objects before us: their fields become ours,
// else a field dropped from the chart would stay because of them.
var formerManagers = sets.New(
	"helm", "helm-controller", "helm-operator", "kubectl", "kubectl-client-side-apply",
	"kubectl-create", "kubectl-edit", "kubectl-patch", "kubectl-replace", "Go-http-client",
)

// migrate makes former managers' fields ours, where there are any.
func (c *Client) migrate(info *resource.Info, live *metav1.PartialObjectMetadata) (*metav1.PartialObjectMetadata, error) {
	if !slices.ContainsFunc(live.ManagedFields, isFormer) {
		return live, nil
	}
	// The library knows client-side managers only. Helm 4 and Flux applied
	// server-side under names of their own: for it, they are the same.
	for i, entry := range live.ManagedFields {
		if isFormer(entry) && entry.Operation == metav1.ManagedFieldsOperationApply {
			live.ManagedFields[i].Operation = metav1.ManagedFieldsOperationUpdate
		}
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, formerManagers, FieldManager)
	if err != nil || len(patch) == 0 {
		return live, err
	}
	reply := &metav1.PartialObjectMetadata{}
	err = c.access.Do(c.ctx, cluster.Request{
		Verb: http.MethodPatch, Path: path(info), Type: string(types.JSONPatchType), Body: patch,
		Query: map[string]string{"fieldManager": FieldManager}, Accept: cluster.MetadataOnly,
	}, reply)
	return reply, err
}

func isFormer(entry metav1.ManagedFieldsEntry) bool {
	return entry.Subresource == "" && formerManagers.Has(entry.Manager)
}

// isReleaseObject says whether the SDK marked it as the release's.
func isReleaseObject(info *resource.Info) bool {
	object, isObject := info.Object.(*unstructured.Unstructured)
	return isObject && object.GetAnnotations()[releaseName] != ""
}

func isHook(info *resource.Info) bool {
	object, isObject := info.Object.(*unstructured.Unstructured)
	return isObject && object.GetAnnotations()[release.HookAnnotation] != ""
}

func qualified(info *resource.Info) string {
	if info.Namespace == "" {
		return info.Name
	}
	return info.Namespace + "/" + info.Name
}

func typesUID(uid string) types.UID { return types.UID(uid) }

func sortedCopy(words []string) []string { return slices.Sorted(slices.Values(words)) }

func join(words []string) string { return strings.Join(words, ", ") }

func deleteOptions(at version, policy metav1.DeletionPropagation) ([]byte, error) {
	uid := types.UID(at.uid)
	options := metav1.DeleteOptions{
		TypeMeta:          metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
		PropagationPolicy: &policy,
		Preconditions:     &metav1.Preconditions{UID: &uid},
	}
	if at.resourceVersion != "" {
		options.Preconditions.ResourceVersion = &at.resourceVersion
	}
	return json.Marshal(options)
}
