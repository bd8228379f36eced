package objects

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	"helmward.dev/engine/internal/failure"
)

// Delete is called by the SDK for hooks by their policy, and for a release's
// objects at uninstall.
func (c *Client) Delete(resources kube.ResourceList, policy metav1.DeletionPropagation) (_ *kube.Result, errs []error) {
	if len(resources) > 0 && isHook(resources[0]) {
		return c.deleteHooks(resources, policy)
	}
	err := c.Unbroken()
	var deleted kube.ResourceList
	if err == nil {
		deleted, err = c.removeMany(resources, policy)
	}
	if err != nil {
		c.deleting.Lock()
		c.deleteError = err
		c.deleting.Unlock()
		return nil, []error{err}
	}
	return &kube.Result{Deleted: deleted}, nil
}

func (c *Client) deleteHooks(resources kube.ResourceList, policy metav1.DeletionPropagation) (*kube.Result, []error) {
	for _, info := range resources {
		if _, err := c.remove(info, policy, func(*metav1.PartialObjectMetadata) bool { return true }); err != nil {
			return nil, []error{hookFailed(info, fmt.Errorf("delete it: %w", err))}
		}
	}
	return &kube.Result{Deleted: resources}, nil
}

// removeAll deletes what the new revision no longer has, in reverse order.
func (c *Client) removeAll(leftover kube.ResourceList) (kube.ResourceList, error) {
	reversed := slices.Clone(leftover)
	slices.Reverse(reversed)
	return c.removeMany(reversed, metav1.DeletePropagationBackground)
}

// removeMany deletes kind after kind, several of one kind at once, and goes on
// after errors.
func (c *Client) removeMany(list kube.ResourceList, policy metav1.DeletionPropagation) (kube.ResourceList, error) {
	var mu sync.Mutex
	var errs []error
	var deleted kube.ResourceList
	one := func(info *resource.Info) error {
		gone, err := c.remove(info, policy, c.mayDelete)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			kind := info.Mapping.GroupVersionKind.Kind
			errs = append(errs, failure.OfObject(err, kind, "cannot be deleted: "+info.Name))
		} else if gone {
			deleted = append(deleted, info)
		}
		return nil
	}
	for _, batch := range byKind(list) {
		(&application{client: c}).each(batch, one)
	}
	return deleted, errors.Join(errs...)
}

func byKind(list kube.ResourceList) []kube.ResourceList {
	var batches []kube.ResourceList
	for start := 0; start < len(list); {
		end := start + 1
		for end < len(list) && list[end].Mapping.GroupVersionKind == list[start].Mapping.GroupVersionKind {
			end++
		}
		batches = append(batches, list[start:end])
		start = end
	}
	return batches
}

// mayDelete spares what the chart wants kept and what is not this release's.
func (c *Client) mayDelete(live *metav1.PartialObjectMetadata) bool {
	if live.Annotations[kube.ResourcePolicyAnno] == kube.KeepPolicy {
		return false
	}
	return live.DeletionTimestamp == nil && c.foreignOwner(live, false) == ""
}

// remove deletes an object at the version it is known to have, else after a
// look; absent is success. What the server named stays: nobody knows its name.
func (c *Client) remove(info *resource.Info, policy metav1.DeletionPropagation, may func(*metav1.PartialObjectMetadata) bool) (bool, error) {
	if info.Name == "" {
		return false, nil
	}
	at := version{}
	if isReleaseObject(info) || c.Uninstalling {
		at = c.expected(info)
	}
	var err error
	for attempt := range mostLooks {
		if at == (version{}) {
			live, err := c.access.Metadata(c.ctx, path(info))
			if apierrors.IsNotFound(err) {
				c.knownAbsent.Store(key(info), true)
				return true, nil
			}
			if err != nil {
				return false, err
			}
			if !may(live) {
				return false, nil
			}
			at = version{string(live.UID), live.ResourceVersion}
		}
		err = c.delete(info, at, policy)
		if err == nil || apierrors.IsNotFound(err) {
			c.versions.put(c.release(), key(info), version{})
			return true, nil
		}
		if !apierrors.IsConflict(err) {
			return false, err
		}
		if again := c.lookAgain(attempt); again != nil {
			return false, again
		}
		at = version{}
	}
	return false, err
}

func (c *Client) delete(info *resource.Info, at version, policy metav1.DeletionPropagation) error {
	return c.deleteAt(c.ctx, info, at, policy)
}

func (c *Client) deleteAt(ctx context.Context, info *resource.Info, at version, policy metav1.DeletionPropagation) error {
	body, err := deleteOptions(at, policy)
	if err != nil {
		return err
	}
	return c.access.Do(ctx, cluster.Request{
		Verb: http.MethodDelete, Path: path(info), Type: "application/json", Body: body,
		Accept: cluster.MetadataOnly,
	}, nil)
}
