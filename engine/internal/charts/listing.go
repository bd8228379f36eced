package charts

import (
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"helmward.dev/engine/internal/index"
)

// listing is what is known of a repository's index: in a file where a folder
// is kept, which other processes may write too. The file's time is when the
// repository was asked last.
type listing struct {
	path   string
	disk   *disk
	flight singleflight.Group

	mu      sync.Mutex
	index   *index.Index
	askedAt time.Time
	// forgotten: only what is newer counts.
	forgotten time.Time
	used      time.Time
}

// seen is an index as one pull uses it.
type seen struct {
	index *index.Index
	age   time.Duration
	// stale says why the repository could not be asked.
	stale error
}

func (l *listing) folder() string {
	if l.path == "" {
		return ""
	}
	return filepath.Dir(l.path)
}

// known looks at the disk too where what is in memory is older than that.
func (l *listing) known(oldest time.Duration) *seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = time.Now()
	if l.index == nil || l.age() > oldest {
		l.catchUp()
	}
	return &seen{index: l.index, age: l.age()}
}

// age is endless where it is not known, as after a jump of the clock.
func (l *listing) age() time.Duration {
	age := time.Since(l.askedAt)
	if age < 0 || !l.askedAt.After(l.forgotten) {
		return math.MaxInt64
	}
	return age
}

// catchUp takes what an earlier process, or another one, has written. A file
// that is damaged is removed: its repository is asked as if for the first time.
func (l *listing) catchUp() {
	if l.path == "" {
		return
	}
	info, err := os.Stat(l.path)
	if err != nil || l.index != nil && !info.ModTime().After(l.askedAt) {
		return
	}
	opened, at, err := index.Open(l.path)
	if err != nil {
		_ = os.Remove(l.path)
		return
	}
	l.index, l.askedAt = opened, at
}

// unchanged notes that the repository was asked and has nothing new.
func (l *listing) unchanged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.index != nil {
		l.asked()
	}
}

// replaced takes a new index. The former one's file is closed when nobody
// looks at it any more.
func (l *listing) replaced(by *index.Index) {
	l.mu.Lock()
	l.index = by
	l.asked()
	l.mu.Unlock()
	if !by.Kept {
		return
	}
	if info, err := os.Stat(l.path); err == nil {
		l.disk.wrote(l.path, info.Size())
	}
}

func (l *listing) asked() {
	l.askedAt = time.Now()
	if l.index.Kept {
		_ = os.Chtimes(l.path, l.askedAt, l.askedAt)
	}
}

// lose gives up what cannot be read any more.
func (l *listing) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.index, l.askedAt = nil, time.Time{}
	if l.path != "" {
		_ = os.Remove(l.path)
	}
}

// forget makes the next pull ask.
func (l *listing) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten = time.Now()
}

func (l *listing) lastUse() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}
