package objects

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
)

// scalers are the autoscalers of namespaces, each list read once and only if it
// is asked about.
type scalers struct {
	ctx    context.Context
	access *cluster.Access

	mu    sync.Mutex
	known map[string]*scalerList
}

type scalerList struct {
	Items []struct {
		Spec struct {
			Target struct {
				APIVersion string `json:"apiVersion"`
				Kind       string `json:"kind"`
				Name       string `json:"name"`
			} `json:"scaleTargetRef"`
		} `json:"spec"`
	} `json:"items"`
	err error
}

func newScalers(c *Client) *scalers {
	return &scalers{ctx: c.ctx, access: c.access, known: map[string]*scalerList{}}
}

// scale says whether an autoscaler keeps the number of an object's replicas.
func (s *scalers) scale(info *resource.Info) (bool, error) {
	list := s.of(info.Namespace)
	wanted := info.Mapping.GroupVersionKind.GroupKind()
	for _, one := range list.Items {
		target := one.Spec.Target
		group, err := schema.ParseGroupVersion(target.APIVersion)
		if err == nil && target.Name == info.Name && wanted == group.WithKind(target.Kind).GroupKind() {
			return true, nil
		}
	}
	return false, list.err
}

func (s *scalers) of(namespace string) *scalerList {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.known[namespace]
	if list == nil {
		list = &scalerList{}
		list.err = s.access.Do(s.ctx, cluster.Request{
			Verb: http.MethodGet,
			Path: "/apis/autoscaling/v2/namespaces/" + url.PathEscape(namespace) + "/horizontalpodautoscalers",
		}, list)
		s.known[namespace] = list
	}
	return list
}
