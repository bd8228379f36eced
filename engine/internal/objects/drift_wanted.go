package objects

import (
	"slices"

	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// wanted are the objects to look at, as they would be applied, and what is to be
// said of those that cannot be: their kind is not served any more. What the
// server named is nobody's to find.
func (c *Client) wanted(look Look) (kube.ResourceList, []*pb.Divergence, error) {
	var list kube.ResourceList
	var strangers []*pb.Divergence
	err := eachObject(look.Manifest, func(object *unstructured.Unstructured) error {
		if object.GetName() == "" || !c.isWanted(object, look.Wanted) {
			return nil
		}
		c.mark(object)
		info, err := c.info(object)
		if err != nil && (c.ctx.Err() != nil || failure.IsUnreachable(err)) {
			return err
		}
		if err != nil {
			strangers = append(strangers, c.stranger(object, err))
			return nil
		}
		list = append(list, info)
		return nil
	})
	return list, strangers, err
}

// mark puts Helm's marks on an object, as the SDK does before it is applied.
func (c *Client) mark(object *unstructured.Unstructured) {
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[managedBy] = "Helm"
	annotations[releaseName], annotations[releaseNamespace] = c.Release, c.Namespace
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
}

// isWanted finds an object among those named; an object without a namespace may
// be in the release's, or in none.
func (c *Client) isWanted(object *unstructured.Unstructured, named []*pb.ObjectRef) bool {
	if len(named) == 0 {
		return true
	}
	kind := object.GroupVersionKind()
	return slices.ContainsFunc(named, func(ref *pb.ObjectRef) bool {
		group, err := schema.ParseGroupVersion(ref.GetApiVersion())
		return err == nil && group.Group == kind.Group && ref.GetKind() == kind.Kind &&
			ref.GetName() == object.GetName() && c.mayBeIn(object, ref.GetNamespace())
	})
}

func (c *Client) mayBeIn(object *unstructured.Unstructured, namespace string) bool {
	own := object.GetNamespace()
	return namespace == own || own == "" && namespace == c.Namespace || namespace == ""
}

func (c *Client) stranger(object *unstructured.Unstructured, err error) *pb.Divergence {
	found := problem("%s", failure.Shorten(err.Error()))
	found.Object = &pb.ObjectRef{
		ApiVersion: object.GetAPIVersion(), Kind: object.GetKind(),
		Namespace: object.GetNamespace(), Name: object.GetName(),
	}
	return found
}
