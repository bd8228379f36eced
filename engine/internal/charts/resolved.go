package charts

import (
	"sync"
	"time"
)

type asked struct{ repository, access, name, version string }

type resolution struct {
	Digest string    `json:"digest"`
	Of     string    `json:"of,omitempty"`
	At     time.Time `json:"at"`
}

type resolved struct {
	mu    sync.Mutex
	known map[asked]resolution
}

func (r *resolved) get(what asked) (resolution, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, known := r.known[what]
	return found, known
}

func (r *resolved) keep(what asked, found resolution) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[what] = found
}
