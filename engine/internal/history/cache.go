package history

import (
	"container/list"
	"sync"

	release "helm.sh/helm/v4/pkg/release/v1"
)

const cacheBudget = 64 << 20

// Cache keeps decoded revisions. An entry answers only for the very uid and
// resourceVersion it was read or written with, so it is never wrong.
type Cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	recent  *list.List
	size    int
}

// The identity is part of the key: one may not see what another may read.
type cacheKey struct{ identity, namespace, name string }

type cached struct {
	key    cacheKey
	record Record
	size   int
}

// NewCache is empty.
func NewCache() *Cache {
	return &Cache{entries: map[cacheKey]*list.Element{}, recent: list.New()}
}

func (c *Cache) get(key cacheKey, base Base) *Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.entries[key]
	if !found || !element.Value.(*cached).record.Stamp.is(base) {
		return nil
	}
	c.recent.MoveToFront(element)
	record := element.Value.(*cached).record
	return &Record{Stamp: record.Stamp, Release: own(record.Release)}
}

func (c *Cache) put(key cacheKey, record Record) {
	size := weight(record.Release)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	c.entries[key] = c.recent.PushFront(&cached{key, record, size})
	c.size += size
	for c.size > cacheBudget && c.recent.Len() > 1 {
		c.drop(c.recent.Back().Value.(*cached).key)
	}
}

func (c *Cache) drop(key cacheKey) {
	if element, found := c.entries[key]; found {
		c.size -= c.recent.Remove(element).(*cached).size
		delete(c.entries, key)
	}
}

// Forget drops everything.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries, c.recent, c.size = map[cacheKey]*list.Element{}, list.New(), 0
}

// Len is how many revisions are kept.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len()
}

// weight estimates what a decoded revision takes, the chart's files included.
func weight(rel *release.Release) int {
	size := 4096 + 2*len(rel.Manifest)
	for _, hook := range rel.Hooks {
		size += len(hook.Manifest)
	}
	if rel.Chart != nil {
		for _, file := range rel.Chart.Templates {
			size += len(file.Data)
		}
		for _, file := range rel.Chart.Files {
			size += len(file.Data)
		}
	}
	return size
}
