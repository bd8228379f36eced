package objects

import (
	"container/list"
	"sync"

	"k8s.io/cli-runtime/pkg/resource"
)

const releasesRemembered = 4096

// Versions remembers, per release, the version that each object had in the
// API server's last reply. A remembered version that is old costs a 409 and
// another look, never a wrong write.
type Versions struct {
	mu       sync.Mutex
	releases map[string]*list.Element
	recent   *list.List
}

type remembered struct {
	release string
	objects map[string]version
}

// version is the precondition of a write; zero when unknown.
type version struct{ uid, resourceVersion string }

// NewVersions is empty.
func NewVersions() *Versions {
	return &Versions{releases: map[string]*list.Element{}, recent: list.New()}
}

func (v *Versions) of(release, object string) version {
	v.mu.Lock()
	defer v.mu.Unlock()
	element, found := v.releases[release]
	if !found {
		return version{}
	}
	return element.Value.(*remembered).objects[object]
}

func (v *Versions) put(release, object string, at version) {
	v.mu.Lock()
	defer v.mu.Unlock()
	element, found := v.releases[release]
	if !found {
		element = v.recent.PushFront(&remembered{release, map[string]version{}})
		v.releases[release] = element
	}
	v.recent.MoveToFront(element)
	objects := element.Value.(*remembered).objects
	if at == (version{}) {
		delete(objects, object)
	} else {
		objects[object] = at
	}
	if v.recent.Len() > releasesRemembered {
		oldest := v.recent.Remove(v.recent.Back()).(*remembered)
		delete(v.releases, oldest.release)
	}
}

// Drop forgets a release.
func (v *Versions) Drop(release string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if element, found := v.releases[release]; found {
		v.recent.Remove(element)
		delete(v.releases, release)
	}
}

// Forget drops everything.
func (v *Versions) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.releases, v.recent = map[string]*list.Element{}, list.New()
}

func key(info *resource.Info) string {
	return info.Mapping.GroupVersionKind.GroupKind().String() + "/" + info.Namespace + "/" + info.Name
}

func (c *Client) release() string { return c.Namespace + "/" + c.Release }

// calm kinds are written by nobody but who applies them, so that their last
// version usually still stands. Controllers write the status of all others.
var calm = map[string]bool{
	"ConfigMap": true, "Secret": true, "ServiceAccount": true, "Service": true,
	"Role.rbac.authorization.k8s.io": true, "RoleBinding.rbac.authorization.k8s.io": true,
	"ClusterRole.rbac.authorization.k8s.io": true, "ClusterRoleBinding.rbac.authorization.k8s.io": true,
	"NetworkPolicy.networking.k8s.io": true, "IngressClass.networking.k8s.io": true,
	"Ingress.networking.k8s.io": true, "StorageClass.storage.k8s.io": true,
	"PriorityClass.scheduling.k8s.io": true, "LimitRange": true,
}

// expected is the version to write an object at, if it is worth a try.
func (c *Client) expected(info *resource.Info) version {
	if !calm[info.Mapping.GroupVersionKind.GroupKind().String()] {
		return version{}
	}
	return c.versions.of(c.release(), key(info))
}
