package documents

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"helmward.dev/engine/internal/fetch"
)

// block is what the smallest file takes, so that many of them count too.
const block = 4 << 10

// disk keeps a page a file: a line of JSON, then the content. When its source
// last confirmed it is the file's own time. Failing to keep costs a request.
type disk struct {
	folder string
	budget int64
}

type header struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	SHA256   string `json:"sha256"`
}

func newDisk(folder string) disk {
	if folder == "" {
		return disk{}
	}
	folder = filepath.Join(folder, "documents")
	if os.MkdirAll(folder, 0o700) != nil {
		return disk{}
	}
	return disk{folder, diskBudget}
}

func (d disk) path(name string) string { return filepath.Join(d.folder, name) }

// read gives what is kept, if it is whole.
func (d disk) read(name string) *page {
	if d.folder == "" {
		return nil
	}
	info, err := os.Stat(d.path(name))
	if err != nil {
		return nil
	}
	kept, err := os.ReadFile(d.path(name))
	if err != nil {
		return nil
	}
	line, content, _ := bytes.Cut(kept, []byte("\n"))
	var known header
	if json.Unmarshal(line, &known) != nil || known.SHA256 != sumOf(content) {
		_ = os.Remove(d.path(name))
		return nil
	}
	return &page{content, fetch.Validators{ETag: known.ETag, Modified: known.Modified}, info.ModTime()}
}

func (d disk) write(name string, one *page) {
	if d.folder == "" {
		return
	}
	line, err := json.Marshal(header{one.validators.ETag, one.validators.Modified, sumOf(one.content)})
	if err != nil {
		return
	}
	d.makeRoom(int64(len(one.content)))
	if fetch.Write(d.path(name), slices.Concat(line, []byte("\n"), one.content)) == nil {
		d.touch(name, one.asked)
	}
}

func (d disk) touch(name string, at time.Time) {
	if d.folder != "" {
		_ = os.Chtimes(d.path(name), at, at)
	}
}

// makeRoom drops what was not confirmed for the longest time, and what an end
// in the middle of writing has left.
func (d disk) makeRoom(size int64) {
	entries, err := os.ReadDir(d.folder)
	if err != nil {
		return
	}
	var files []os.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			files = append(files, info)
			size += info.Size() + block
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, oldest := range files {
		if size <= d.budget {
			return
		}
		if os.Remove(d.path(oldest.Name())) == nil {
			size -= oldest.Size() + block
		}
	}
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
