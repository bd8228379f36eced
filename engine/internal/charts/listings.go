package charts

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"sync"

	"helmward.dev/engine/internal/fetch"
)

// mostListings is how many repositories are kept in mind.
const mostListings = 1000

// listings are the indexes of all repositories.
type listings struct {
	disk *disk

	mu    sync.Mutex
	known map[string]*listing
}

func newListings(disk *disk) *listings {
	return &listings{disk: disk, known: map[string]*listing{}}
}

// repository is an address as an access sees it.
func (s *Source) repository(address *url.URL, access fetch.Access) *repository {
	name, id := spelling(address), identity(access, address)
	return &repository{
		address: address, access: access, id: id, name: name,
		listing: s.listings.of(name + " " + id),
		client:  s.client, requests: &s.IndexRequests, largest: s.options.LargestIndex,
	}
}

func (l *listings) of(key string) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, known := l.known[key]; known {
		return found
	}
	l.makeRoom()
	made := &listing{path: l.path(key), disk: l.disk}
	l.known[key] = made
	return made
}

// path tells neither the address nor the access.
func (l *listings) path(key string) string {
	folder := l.disk.in(indexesFolder)
	if folder == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(folder, hex.EncodeToString(sum[:16])+".index")
}

// makeRoom forgets the one that was used longest ago.
func (l *listings) makeRoom() {
	if len(l.known) < mostListings {
		return
	}
	var oldest string
	for key, one := range l.known {
		if oldest == "" || one.lastUse().Before(l.known[oldest].lastUse()) {
			oldest = key
		}
	}
	delete(l.known, oldest)
}

func (l *listings) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.known {
		one.forget()
	}
}
