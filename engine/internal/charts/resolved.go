package charts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// mostResolved is how many are kept, in memory and on disk.
	mostResolved = 20_000
	// noteAfter is when it is written again that all is as before.
	noteAfter = time.Hour
)

// asked is a version, a range or a tag that somebody asked for, as one access
// sees it. What one access was given is no answer for another.
type asked struct{ repository, access, name, version string }

func (a asked) file() string {
	text, _ := json.Marshal([]string{a.repository, a.access, a.name, a.version})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// resolution is what it was.
type resolution struct {
	Digest string `json:"digest"`
	// Of names the index, or what else was looked at, that said so.
	Of string    `json:"of,omitempty"`
	At time.Time `json:"at"`
	// Validators of what was looked at, to ask again cheaply.
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// age is endless where it is not known, as after a jump of the clock.
func (r *resolved) age(of resolution) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if age := time.Since(of.At); age >= 0 && of.At.After(r.forgotten) {
		return age
	}
	return math.MaxInt64
}

// forget makes all of an age that nobody allows; it is still there where the
// source is down.
func (r *resolved) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgotten = time.Now()
}

func (r resolution) same(other resolution) bool {
	return r.Digest == other.Digest && r.Of == other.Of && r.ETag == other.ETag && r.Modified == other.Modified
}

// noted is a resolution, and since when the disk has it.
type noted struct {
	resolution

	written time.Time
}

// resolved keeps resolutions over a restart, each in a small file of its own:
// several processes share them without waiting for each other.
type resolved struct {
	disk *disk

	mu     sync.Mutex
	known  map[asked]noted
	writes int
	// forgotten: only what is newer has an age.
	forgotten time.Time
}

func newResolved(disk *disk) *resolved {
	return &resolved{disk: disk, known: map[asked]noted{}}
}

// get tells what was found last.
func (r *resolved) get(what asked) (resolution, bool) {
	found, known := r.noted(what)
	return found.resolution, known
}

func (r *resolved) noted(what asked) (noted, bool) {
	r.mu.Lock()
	found, known := r.known[what]
	r.mu.Unlock()
	if known {
		return found, true
	}
	folder := r.disk.in(resolvedFolder)
	if folder == "" {
		return noted{}, false
	}
	text, err := os.ReadFile(filepath.Join(folder, what.file()))
	if err != nil || json.Unmarshal(text, &found.resolution) != nil || found.Digest == "" {
		return noted{}, false
	}
	found.written = found.At
	r.remember(what, found)
	return found, true
}

// keep remembers; what is known already is not written again.
func (r *resolved) keep(what asked, found resolution) {
	before, known := r.noted(what)
	if known && found.same(before.resolution) && found.At.Sub(before.written) < noteAfter {
		r.remember(what, noted{found, before.written})
		return
	}
	r.remember(what, noted{found, found.At})
	folder := r.disk.in(resolvedFolder)
	if folder == "" {
		return
	}
	if text, err := json.Marshal(found); err == nil {
		r.disk.write(filepath.Join(folder, what.file()), text)
	}
	r.mu.Lock()
	r.writes++
	many := r.writes%lookAfter == 1
	r.mu.Unlock()
	if many {
		r.trim(folder)
	}
}

func (r *resolved) remember(what asked, found noted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= mostResolved {
		r.known = map[asked]noted{}
	}
	r.known[what] = found
}

// trim removes the oldest files when there are too many.
func (r *resolved) trim(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) <= mostResolved {
		return
	}
	var files []onDisk
	for _, one := range entries {
		if info, err := one.Info(); err == nil {
			files = append(files, onDisk{filepath.Join(folder, one.Name()), info.Size(), info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b onDisk) int { return a.at.Compare(b.at) })
	for _, one := range files[:max(0, len(files)-mostResolved*9/10)] {
		_ = os.Remove(one.path)
	}
}
