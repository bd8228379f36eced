package objects

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"
)

const (
	// digestLength is what is kept of a SHA-256: enough to tell the objects of one
	// release, and two states of one object, apart.
	digestLength = 6
	// mostListed objects fit beside all else into the annotations of one Secret.
	mostListed = 5000
)

// Inventory is the objects of a release, each with the fields of it that are
// ours. Who watches the objects knows by it whether anybody has changed one.
type Inventory struct {
	mu    sync.Mutex
	kinds map[string]bool
	// listed has the objects in their order, each with a digest of its fields.
	listed []string
	fields map[string][]byte
}

// NewInventory of the objects named in this order; their fields are noted later.
func NewInventory(order []*resource.Info) *Inventory {
	inventory := &Inventory{kinds: map[string]bool{}, fields: map[string][]byte{}}
	for _, info := range order {
		inventory.kinds[info.Mapping.GroupVersionKind.GroupVersion().String()+"/"+info.Mapping.GroupVersionKind.Kind] = true
		if info.Name != "" {
			inventory.listed = append(inventory.listed, identity(info))
		}
	}
	return inventory
}

// identity names an object whatever version of its group it is read in.
func identity(info *resource.Info) string {
	kind := info.Mapping.GroupVersionKind
	return strings.Join([]string{kind.Group, kind.Kind, info.Namespace, info.Name}, "/")
}

// Note keeps which fields of an object are ours.
func (i *Inventory) Note(info *resource.Info, managed []metav1.ManagedFieldsEntry) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fields[identity(info)] = digestOfOurs(managed)
}

// digestOfOurs is zeros where nothing is ours.
func digestOfOurs(managed []metav1.ManagedFieldsEntry) []byte {
	for _, entry := range managed {
		if IsOurs(entry) && entry.FieldsV1 != nil {
			return digest(entry.FieldsV1.Raw)
		}
	}
	return make([]byte, digestLength)
}

// IsOurs says whether an entry is of what we have applied.
func IsOurs(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply &&
		entry.Subresource == ""
}

func digest(of []byte) []byte {
	sum := sha256.Sum256(of)
	return sum[:digestLength]
}

// Kinds are the kinds of the objects, as `v1/ConfigMap,apps/v1/Deployment`.
func (i *Inventory) Kinds() string {
	return strings.Join(slices.Sorted(maps.Keys(i.kinds)), ",")
}

// Objects are the objects and what of them is ours; false where they are too
// many to be listed.
func (i *Inventory) Objects() (string, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.listed) > mostListed {
		return "", false
	}
	packed := make([]byte, 0, 2*digestLength*len(i.listed))
	for _, name := range i.listed {
		fields := i.fields[name]
		if fields == nil {
			fields = make([]byte, digestLength)
		}
		packed = append(append(packed, digest([]byte(name))...), fields...)
	}
	return base64.RawURLEncoding.EncodeToString(packed), true
}

// Applied is the inventory of what this client has applied as the release's objects.
func (c *Client) Applied() *Inventory {
	if applied := c.applied.Load(); applied != nil {
		return applied
	}
	return NewInventory(nil)
}
