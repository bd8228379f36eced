package objects

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	"helmward.dev/engine/internal/failure"
)

const (
	// A manager and a key of their own: were the annotation among the fields that
	// we apply, the next apply would drop it and so restart everything again.
	restartManager = "helmward-restart"
	restartedAt    = "helmward.dev/restartedAt"
)

var restartable = map[string]bool{
	"Deployment.apps": true, "StatefulSet.apps": true, "DaemonSet.apps": true,
}

// restart has the controllers of workloads replace their pods, as each is told
// to replace them. What was just created has new pods anyway.
func (c *Client) restart(list kube.ResourceList) error {
	workloads := list.Filter(func(info *resource.Info) bool {
		return restartable[info.Mapping.GroupVersionKind.GroupKind().String()]
	})
	body := map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{restartedAt: time.Now().UTC().Format(time.RFC3339Nano)},
	}}}}
	run := &application{client: c}
	run.each(workloads, func(info *resource.Info) error {
		kind := info.Mapping.GroupVersionKind.Kind
		c.Progress("applying", "restarting "+kind+"/"+info.Name)
		return failure.OfObject(c.amend(info, body, restartManager), kind, info.Name)
	})
	return errors.Join(run.errs...)
}

// amend merges a change into an object at the version it has. An object that is
// gone needs none.
func (c *Client) amend(info *resource.Info, change map[string]any, manager string) error {
	at := c.versions.of(c.release(), key(info))
	var err error
	for attempt := range mostLooks {
		if at == (version{}) {
			live, err := c.access.Metadata(c.ctx, path(info))
			if apierrors.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
			at = version{string(live.UID), live.ResourceVersion}
		}
		err = c.mergeAt(info, at, change, manager)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if !failure.IsVersionConflict(err) {
			return err
		}
		if again := c.lookAgain(attempt); again != nil {
			return again
		}
		at = version{}
	}
	return err
}

func (c *Client) mergeAt(info *resource.Info, at version, change map[string]any, manager string) error {
	change = maps.Clone(change)
	change["metadata"] = map[string]any{"uid": at.uid, "resourceVersion": at.resourceVersion}
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	reply := &metav1.PartialObjectMetadata{}
	err = c.access.Do(c.ctx, cluster.Request{
		Verb: http.MethodPatch, Path: path(info), Type: string(types.MergePatchType), Body: body,
		Query: map[string]string{"fieldManager": manager}, Accept: cluster.MetadataOnly,
	}, reply)
	if err == nil {
		c.remember(info, reply)
	}
	return err
}
