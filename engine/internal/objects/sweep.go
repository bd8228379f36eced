package objects

import (
	"errors"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/failure"
)

// tooDear to be swept: what is lost with them does not come back.
var tooDear = map[string]bool{
	"PersistentVolumeClaim": true, "PersistentVolume": true, "Namespace": true,
	"CustomResourceDefinition.apiextensions.k8s.io": true,
}

// stray is an object to be swept, at the version that it was seen at.
type stray struct {
	info *resource.Info
	at   version
}

// Sweep deletes what broken revisions have and the good one has not, if it is
// there and carries this release's marks. `still` is asked between looking and
// deleting: whoever wrote in between may want what is there.
func (c *Client) Sweep(good string, broken []string, still func() error) ([]string, error) {
	wanted, err := c.parse(good, true)
	if err != nil {
		return nil, err
	}
	strays, err := c.strays(wanted, broken)
	if err != nil || len(strays) == 0 {
		return nil, err
	}
	if err := still(); err != nil {
		return nil, err
	}
	var deleted []string
	var errs []error
	for i := len(strays) - 1; i >= 0; i-- { // Against the order in which they were made.
		one := strays[i]
		switch err := c.delete(one.info, one.at, metav1.DeletePropagationBackground); {
		case err == nil:
			c.versions.put(c.release(), key(one.info), version{})
			deleted = append(deleted, one.info.Mapping.GroupVersionKind.Kind+"/"+qualified(one.info))
		case apierrors.IsNotFound(err), failure.IsVersionConflict(err): // Another has dealt with it.
		default:
			kind := one.info.Mapping.GroupVersionKind.Kind
			errs = append(errs, failure.OfObject(err, kind, "cannot be deleted: "+one.info.Name))
		}
	}
	return deleted, errors.Join(errs...)
}

func (c *Client) strays(wanted kube.ResourceList, broken []string) ([]stray, error) {
	known := map[string]bool{}
	for _, info := range wanted {
		known[key(info)] = true
	}
	var found []stray
	for _, manifest := range broken {
		list, err := c.parse(manifest, true)
		if err != nil {
			continue // What cannot be read was never applied.
		}
		for _, info := range list {
			if known[key(info)] || info.Name == "" || tooDear[info.Mapping.GroupVersionKind.GroupKind().String()] {
				continue
			}
			known[key(info)] = true
			live, err := c.access.Metadata(c.ctx, path(info))
			switch {
			case apierrors.IsNotFound(err):
			case err != nil:
				return nil, err
			case c.mayDelete(live):
				found = append(found, stray{info, version{string(live.UID), live.ResourceVersion}})
			}
		}
	}
	return found, nil
}
