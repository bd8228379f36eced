package objects

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Kinds that nothing replaces: with the object goes what it holds.
var irreplaceable = map[string]string{
	"PersistentVolumeClaim": "its data would be lost",
	"PersistentVolume":      "its data would be lost",
	"Namespace":             "all that is in it would be lost",
	"CustomResourceDefinition.apiextensions.k8s.io": "all objects of its kind would be lost",
}

// errReplaced says that the object was deleted: it is to be created.
var errReplaced = errors.New("deleted to be created anew")

// replace deletes an object that the API server refuses to change and would
// take as a new one. It gives errReplaced, or why that was not done; a version
// conflict when the object is not as it was seen.
func (c *Client) replace(info *resource.Info, at version, refused error) error {
	if !c.Force || at == (version{}) || !isReleaseObject(info) || !apierrors.IsInvalid(refused) {
		return refused
	}
	if !c.wouldBeTaken(info) {
		return refused
	}
	if why, err := c.keeps(info); err != nil {
		return err
	} else if why != "" {
		return &spared{refused, errors.New(why)}
	}
	err := c.delete(info, at, metav1.DeletePropagationBackground)
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	c.versions.put(c.release(), key(info), version{})
	if err := c.untilGone(info, at); err != nil {
		return err
	}
	return errReplaced
}

// spared says that force did not help against a refusal, and why.
type spared struct{ refused, why error }

func (s *spared) Error() string { return s.refused.Error() }

// told is an error of one object, with the object's name.
func told(err error, info *resource.Info) error {
	kind := info.Mapping.GroupVersionKind.Kind
	var kept *spared
	if !errors.As(err, &kept) {
		return failure.OfObject(err, kind, info.Name)
	}
	refused := failure.OfObject(kept.refused, kind, info.Name)
	return failure.New(pb.Failure_REJECTED, "%w (force does not replace it: %w)", refused, kept.why)
}

// wouldBeTaken asks whether the API server has something against the object
// itself or only against the change: it validates a new object before it looks
// whether the name is taken. Nothing is stored.
func (c *Client) wouldBeTaken(info *resource.Info) bool {
	body, err := json.Marshal(c.dressed(info).Object)
	if err != nil {
		return false
	}
	err = c.access.Do(c.ctx, cluster.Request{
		Verb: http.MethodPost, Path: cluster.Path(info.Mapping, info.Namespace, ""),
		Type: "application/json", Body: body, Accept: cluster.MetadataOnly,
		Query: map[string]string{
			"fieldManager": FieldManager, "fieldValidation": c.validation(), "dryRun": metav1.DryRunAll,
		},
	}, nil)
	return err == nil || apierrors.IsAlreadyExists(err)
}

// keeps says why an object must not be deleted; empty when it may be.
func (c *Client) keeps(info *resource.Info) (string, error) {
	kind := info.Mapping.GroupVersionKind.GroupKind()
	if why, found := irreplaceable[kind.String()]; found {
		return why, nil
	}
	live := &unstructured.Unstructured{}
	if err := c.access.Do(c.ctx, getRequest(info), live); err != nil {
		return "", err
	}
	if live.GetAnnotations()[kube.ResourcePolicyAnno] == kube.KeepPolicy {
		return fmt.Sprintf("it is annotated %s: %s", kube.ResourcePolicyAnno, kube.KeepPolicy), nil
	}
	whenDeleted, _, _ := unstructured.NestedString(live.Object,
		"spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
	if whenDeleted == "Delete" {
		return "its volumes would be deleted with it (persistentVolumeClaimRetentionPolicy)", nil
	}
	return "", nil
}

// untilGone waits for a deleted object's name to be free: finalizers may hold
// it for a while.
func (c *Client) untilGone(info *resource.Info, deleted version) error {
	const longest = time.Second
	ends := time.Now().Add(c.Timeout)
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, longest) {
		live, err := c.access.Metadata(c.ctx, path(info))
		switch {
		case apierrors.IsNotFound(err) || err == nil && string(live.UID) != deleted.uid:
			return nil
		case err != nil:
			return err
		case time.Now().After(ends):
			return failure.New(pb.Failure_TIMEOUT, "deleted to be created anew, but not gone after %s", short(c.Timeout))
		}
		if err := c.pauseFor(pause); err != nil {
			return err
		}
	}
}
