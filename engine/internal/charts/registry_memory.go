package charts

import (
	"sync"
	"time"

	"helmward.dev/engine/internal/fetch"
	"helmward.dev/engine/internal/oci"
)

const mostAsked = 20_000

// registries is what is known of registries since the start.
type registries struct {
	client *oci.Client

	mu sync.Mutex
	// tags are lists, by place and access; asked is when a version was last
	// found at its registry.
	tags  map[string]tagList
	asked map[asked]time.Time
}

func newRegistries(web *fetch.Client) *registries {
	r := &registries{client: oci.New(web)}
	r.forget()
	return r
}

// forget makes the next pulls ask.
func (r *registries) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tags, r.asked = map[string]tagList{}, map[asked]time.Time{}
}

// age is how long ago a version was found; false where it was not, or one asks anew.
func (r *registries) age(what asked) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := r.asked[what]
	return time.Since(at), found
}

func (r *registries) note(what asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) >= mostAsked {
		clear(r.asked)
	}
	r.asked[what] = time.Now()
}
