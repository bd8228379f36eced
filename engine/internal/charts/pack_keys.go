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
	packedFolder  = "packed"
	mostKeys      = 4096
	longestDigest = 128
)

// packedKeys remembers which chart was packed under a key; over a restart where
// a folder is given.
type packedKeys struct {
	disk *disk

	mu     sync.Mutex
	memory map[string]string
}

func newPackedKeys(disk *disk) *packedKeys {
	if folder := disk.in(packedFolder); folder != "" {
		_ = os.MkdirAll(folder, 0o700)
	}
	return &packedKeys{disk: disk, memory: map[string]string{}}
}

// digest is empty for a key that nothing was packed under.
func (k *packedKeys) digest(key string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	path := k.path(key)
	if known := k.memory[key]; known != "" || path == "" {
		return known
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) > longestDigest || !strings.HasPrefix(string(text), ofTree+":") {
		return ""
	}
	k.remember(key, string(text))
	return string(text)
}

func (k *packedKeys) note(key, digest string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.remember(key, digest)
	if path := k.path(key); path != "" {
		k.disk.write(path, []byte(digest))
		k.prune()
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
	folder := k.disk.in(packedFolder)
	if folder == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(folder, hex.EncodeToString(sum[:]))
}

// prune leaves the newest; half at once, so that few writes pay for it.
func (k *packedKeys) prune() {
	folder := k.disk.in(packedFolder)
	entries, err := os.ReadDir(folder)
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
		_ = os.Remove(filepath.Join(folder, oldest.Name()))
	}
}
