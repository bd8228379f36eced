// Package feeds follows what others wait on. All waits of one identity share
// one watch a kind: of a namespace, or of the whole cluster once waits are in
// many namespaces. A watch lives as long as somebody wants it, and a little
// longer.
//
// What a feed tells may be late, never wrong: whoever waits for the effect of
// a write of his own compares versions.
package feeds

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"helmward.dev/engine/internal/call"
)

const (
	// linger is how long a watch outlives the last who wanted it: the next wait
	// is often near.
	linger = 10 * time.Second
	// wideFrom is the number of namespaces from which on one watch of the whole
	// cluster is cheaper than one more.
	wideFrom = 8
	// deniedFor is how long a refusal is believed.
	deniedFor = 30 * time.Second
)

// Feeds are all watches of the process.
type Feeds struct {
	connect func(call.Identity) (dynamic.Interface, error)

	mu    sync.Mutex
	feeds map[key]*feed
}

// key tells feeds apart; an empty namespace is the whole cluster.
type key struct {
	identity  string
	resource  schema.GroupVersionResource
	namespace string
}

// New makes feeds that connect as told.
func New(connect func(call.Identity) (dynamic.Interface, error)) *Feeds {
	return &Feeds{connect: connect, feeds: map[key]*feed{}}
}

// Wish is what one wait wants to hear of.
type Wish struct {
	Identity call.Identity
	Resource schema.GroupVersionResource
	// Namespace is empty for kinds that have none.
	Namespace string
	// About picks the objects whose news wakes.
	About func(*unstructured.Unstructured) bool
	// Wake gets a token when something happened, unless it holds one already.
	Wake chan<- struct{}
}

// Interest is one wait's part in a feed, until it is closed.
type Interest struct {
	Wish

	feeds *Feeds
	feed  *feed // Guarded by feeds.mu: the feed may be exchanged for another.
}

// Follow starts to hear of what is wished for.
func (f *Feeds) Follow(wish Wish) (*Interest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	interest := &Interest{Wish: wish, feeds: f}
	if err := f.attach(interest, f.choose(wish)); err != nil {
		return nil, err
	}
	return interest, nil
}

// choose says which feed serves a wish best; it needs f.mu.
func (f *Feeds) choose(wish Wish) key {
	narrow := key{wish.Identity.Key(), wish.Resource, wish.Namespace}
	if f.feeds[narrow] != nil {
		return narrow
	}
	wide := narrow
	wide.namespace = ""
	if whole := f.feeds[wide]; whole != nil {
		if whole.refusal() != nil {
			return narrow
		}
		return wide
	}
	count := 0
	for other := range f.feeds {
		if other.identity == narrow.identity && other.resource == narrow.resource {
			count++
		}
	}
	if count < wideFrom {
		return narrow
	}
	return wide
}

// attach needs f.mu.
func (f *Feeds) attach(interest *Interest, to key) error {
	found := f.feeds[to]
	if found == nil {
		client, err := f.connect(interest.Identity)
		if err != nil {
			return err
		}
		found = newFeed(client, to, func() { f.refused(to) })
		f.feeds[to] = found
	}
	interest.feed = found
	found.join(interest)
	return nil
}

// Close ends an interest.
func (i *Interest) Close() {
	f := i.feeds
	f.mu.Lock()
	defer f.mu.Unlock()
	left := i.feed
	if left.leave(i) > 0 {
		return
	}
	time.AfterFunc(linger, func() { f.dropUnused(left) })
}

func (f *Feeds) dropUnused(unused *feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if unused.wanted() == 0 {
		f.drop(unused)
	}
}

// drop needs f.mu.
func (f *Feeds) drop(ended *feed) {
	for at, found := range f.feeds {
		if found == ended {
			ended.stop()
			delete(f.feeds, at)
		}
	}
}

// refused is called once the API server forbids a feed. Those who wanted a
// namespace of a forbidden whole get that namespace's own feed.
func (f *Feeds) refused(at key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	denied := f.feeds[at]
	if denied == nil {
		return
	}
	for _, interest := range denied.interests() {
		if interest.Namespace != at.namespace {
			denied.leave(interest)
			_ = f.attach(interest, key{at.identity, at.resource, interest.Namespace})
		}
		interest.wake()
	}
	time.AfterFunc(deniedFor, func() { f.forgive(denied) })
}

// forgive lets the next wait ask again.
func (f *Feeds) forgive(denied *feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(denied)
}

// Len is how many watches there are.
func (f *Feeds) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.feeds)
}

func (i *Interest) current() *feed {
	i.feeds.mu.Lock()
	defer i.feeds.mu.Unlock()
	return i.feed
}

// Synced says whether what there is has been heard of.
func (i *Interest) Synced() bool { return i.current().isSynced() }

// Refusal is why nothing will ever be heard; nil while there is hope.
func (i *Interest) Refusal() error { return i.current().refusal() }

// Get is an object as last heard of; nil when it is not there. It is shared:
// nobody writes into it.
func (i *Interest) Get(name string) *unstructured.Unstructured {
	return i.current().get(i.Namespace, name)
}

// Each calls with every object that the interest is about.
func (i *Interest) Each(do func(*unstructured.Unstructured)) {
	for _, object := range i.current().in(i.Namespace) {
		if i.About(object) {
			do(object)
		}
	}
}

func (i *Interest) wake() {
	select {
	case i.Wake <- struct{}{}:
	default:
	}
}
