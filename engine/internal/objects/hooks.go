package objects

import (
	"context"
	"strings"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	release "helm.sh/helm/v4/pkg/release/v1"
)

// Runners are those objects of hooks that run something: Pods and Jobs.
func (c *Client) Runners(hooks []*release.Hook) (kube.ResourceList, error) {
	manifests := make([]string, 0, len(hooks))
	for _, hook := range hooks {
		manifests = append(manifests, hook.Manifest)
	}
	list, err := c.parse(strings.Join(manifests, "\n---\n"), false)
	return list.Filter(isRunner), err
}

func isRunner(info *resource.Info) bool {
	kind := info.Mapping.GroupVersionKind.GroupKind().String()
	return kind == "Pod" || kind == "Job.batch"
}

// CleanUp deletes hooks' Pods and Jobs as they are now. The context may be one
// that outlives the call.
func (c *Client) CleanUp(ctx context.Context, runners kube.ResourceList) error {
	for _, info := range runners {
		if err := c.cleanUp(ctx, info); err != nil {
			return hookFailed(info, err)
		}
	}
	return nil
}

func (c *Client) cleanUp(ctx context.Context, info *resource.Info) error {
	live, err := c.access.Metadata(ctx, path(info))
	if err == nil {
		at := version{string(live.UID), ""}
		err = c.deleteAt(ctx, info, at, metav1.DeletePropagationBackground)
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // Gone, or another run's.
	}
	return err
}
