package charts

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"helmward.dev/engine/internal/fetch"
)

const (
	// touchAfter is how exactly the last use of a file is known.
	touchAfter = time.Minute
	// leftover is how old a file may be that somebody writes.
	leftover = time.Hour
	// lookAfter is after how many files we look what others have written.
	lookAfter = 64
)

// The folders below the one that is kept over a restart. What lies in those
// that may be swept can be fetched again.
const (
	chartsFolder   = "charts"
	indexesFolder  = "indexes"
	resolvedFolder = "resolved"
)

var sweepable = []string{chartsFolder, indexesFolder, "documents"}

// disk is the folder that is kept over a restart; several processes may share
// it. Whatever fails here costs a download and no more. A file's time is that
// of its last use.
type disk struct {
	folder string
	budget int64

	mu     sync.Mutex
	size   int64
	writes int
}

// newDisk makes the folders; an empty name, or one that cannot be made, is a
// disk that keeps nothing.
func newDisk(folder string, budget int64) *disk {
	d := &disk{folder: folder, budget: budget}
	if folder == "" {
		return d
	}
	for _, name := range []string{chartsFolder, indexesFolder, resolvedFolder} {
		_ = os.MkdirAll(filepath.Join(folder, name), 0o700)
	}
	former, _ := filepath.Glob(filepath.Join(folder, "*.tgz"))
	for _, path := range former {
		_ = os.Remove(path)
	}
	d.sweep("")
	return d
}

// in names a folder; empty where nothing is kept.
func (d *disk) in(folder string) string {
	if d.folder == "" {
		return ""
	}
	return filepath.Join(d.folder, folder)
}

// write puts a file in its place as a whole, and makes room for it.
func (d *disk) write(path string, content []byte) {
	if fetch.Write(path, content) == nil {
		d.wrote(path, int64(len(content)))
	}
}

// wrote counts a file, and sweeps where there is too much; never the file itself.
func (d *disk) wrote(path string, size int64) {
	d.mu.Lock()
	d.size += size
	d.writes++
	full := d.size > d.budget || d.writes%lookAfter == 0
	d.mu.Unlock()
	if full {
		d.sweep(path)
	}
}

// used keeps a file from being swept before others.
func (d *disk) used(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
}

type onDisk struct {
	path string
	size int64
	at   time.Time
}

// sweep removes what was not used for longest until the rest fits.
func (d *disk) sweep(but string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	files, size := d.files()
	slices.SortFunc(files, func(a, b onDisk) int { return a.at.Compare(b.at) })
	for _, one := range files {
		if size <= d.budget {
			break
		}
		if one.path != but && os.Remove(one.path) == nil {
			size -= one.size
		}
	}
	d.size = size
}

// files lists what may be swept, and how much there is of everything.
func (d *disk) files() ([]onDisk, int64) {
	var found []onDisk
	var size int64
	_ = filepath.WalkDir(d.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // What cannot be seen cannot be swept.
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // Another process removed it just now.
		}
		if strings.Contains(entry.Name(), "incoming-") {
			if time.Since(info.ModTime()) > leftover {
				_ = os.Remove(path)
			}
			return nil
		}
		size += info.Size()
		if below, err := filepath.Rel(d.folder, path); err == nil {
			if first, _, nested := strings.Cut(below, string(filepath.Separator)); nested && slices.Contains(sweepable, first) {
				found = append(found, onDisk{path, info.Size(), info.ModTime()})
			}
		}
		return nil
	})
	return found, size
}
