package charts

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	mostKeys      = 4096
	longestDigest = 128
)

// packedKeys remembers which chart was packed under a key; over a restart where
// a folder is given.
type packedKeys struct {
	folder string

	mu     sync.Mutex
	memory map[string]string
}

func newPackedKeys(folder string) *packedKeys {
	if folder != "" {
		folder = filepath.Join(folder, "packed")
	}
	return &packedKeys{folder: folder, memory: map[string]string{}}
}

// digest is empty for a key that nothing was packed under.
func (k *packedKeys) digest(key string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known := k.memory[key]; known != "" || k.folder == "" {
		return known
	}
	text, err := os.ReadFile(k.path(key))
	if err != nil || len(text) > longestDigest || !strings.HasPrefix(string(text), "tree:") {
		return ""
	}
	k.remember(key, string(text))
	return string(text)
}

func (k *packedKeys) note(key, digest string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.remember(key, digest)
	if k.folder != "" {
		k.write(k.path(key), digest)
	}
}

// remember forgets any other where there are too many: the folder, or the next
// packing, tells it again.
func (k *packedKeys) remember(key, digest string) {
	for other := range k.memory {
		if len(k.memory) < mostKeys {
			break
		}
		delete(k.memory, other)
	}
	k.memory[key] = digest
}

func (k *packedKeys) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(k.folder, hex.EncodeToString(sum[:]))
}

// write is for the next start: failing costs a packing.
func (k *packedKeys) write(path, digest string) {
	if os.MkdirAll(k.folder, 0o700) != nil {
		return
	}
	file, err := os.CreateTemp(k.folder, "incoming-*")
	if err != nil {
		return
	}
	_, err = file.WriteString(digest)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	k.prune()
}

// prune leaves the newest; half at once, so that few writes pay for it.
func (k *packedKeys) prune() {
	entries, err := os.ReadDir(k.folder)
	if err != nil || len(entries) <= mostKeys {
		return
	}
	files := make([]os.FileInfo, 0, len(entries))
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, oldest := range files[:len(files)/2] {
		_ = os.Remove(filepath.Join(k.folder, oldest.Name()))
	}
}
