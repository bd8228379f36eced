package oci

import (
	"container/list"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"

	"helmward.dev/engine/internal/fetch"
)

const mostTokens = 256

// tokens remembers what registries gave us to be known by, of each repository
// and access apart; those not used for the longest time are forgotten first.
type tokens struct {
	mu     sync.Mutex
	made   map[string]*list.Element
	recent *list.List
}

type keptTokens struct {
	key   string
	cache auth.Cache
}

func newTokens() *tokens { return &tokens{made: map[string]*list.Element{}, recent: list.New()} }

func (t *tokens) of(place string, access fetch.Access) auth.Cache {
	key := place + " " + access.Key()
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, found := t.made[key]; found {
		t.recent.MoveToFront(element)
		return element.Value.(*keptTokens).cache
	}
	cache := auth.NewCache()
	t.made[key] = t.recent.PushFront(&keptTokens{key, cache})
	for t.recent.Len() > mostTokens {
		oldest := t.recent.Remove(t.recent.Back()).(*keptTokens)
		delete(t.made, oldest.key)
	}
	return cache
}
