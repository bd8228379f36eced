package charts

import (
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

const parsedBudget = 192 << 20

// store keeps charts by digest: parsed ones in memory, archives on disk where
// a folder is given.
type store struct {
	folder string
	budget int64

	mu     sync.Mutex
	parsed map[string]*list.Element
	recent *list.List
	size   int64
}

type kept struct {
	digest string
	chart  *chart.Chart
	size   int64
}

func newStore(folder string, budget int64) *store {
	return &store{folder: folder, budget: budget, parsed: map[string]*list.Element{}, recent: list.New()}
}

func digestOf(archive []byte) string {
	sum := sha256.Sum256(archive)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// get gives a chart that others use too: clone before use.
func (s *store) get(digest string) *chart.Chart {
	s.mu.Lock()
	if element, found := s.parsed[digest]; found {
		s.recent.MoveToFront(element)
		s.mu.Unlock()
		return element.Value.(*kept).chart
	}
	s.mu.Unlock()
	return s.fromDisk(digest)
}

func (s *store) fromDisk(digest string) *chart.Chart {
	path := s.path(digest)
	if path == "" {
		return nil
	}
	archive, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	parsed, size, err := verified(digest, archive)
	if err != nil {
		_ = os.Remove(path)
		return nil
	}
	s.remember(digest, parsed, size)
	return parsed
}

func (s *store) path(digest string) string {
	kind, sum, _ := strings.Cut(digest, ":")
	if _, err := hex.DecodeString(sum); err != nil || len(sum) != 64 || s.folder == "" {
		return ""
	}
	switch kind {
	case "sha256":
		return filepath.Join(s.folder, sum+".tgz")
	case "tree":
		return filepath.Join(s.folder, "tree-"+sum+".tgz")
	default:
		return ""
	}
}

// put parses an archive and keeps it.
func (s *store) put(archive []byte) (string, *chart.Chart, error) {
	parsed, size, err := parse(archive)
	if err != nil {
		return "", nil, err
	}
	digest := digestOf(archive)
	s.remember(digest, parsed, size)
	s.toDisk(digest, archive)
	return digest, parsed, nil
}

func (s *store) remember(digest string, parsed *chart.Chart, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.parsed[digest]; found {
		return
	}
	s.parsed[digest] = s.recent.PushFront(&kept{digest, parsed, size})
	s.size += size
	for s.size > parsedBudget && s.recent.Len() > 1 {
		last := s.recent.Back()
		oldest := s.recent.Remove(last).(*kept)
		delete(s.parsed, oldest.digest)
		s.size -= oldest.size
	}
}

// toDisk is a convenience for the next start: failing costs a download.
func (s *store) toDisk(digest string, archive []byte) {
	path := s.path(digest)
	if path == "" {
		return
	}
	s.makeRoom(int64(len(archive)))
	file, err := os.CreateTemp(s.folder, "incoming-*")
	if err != nil {
		return
	}
	_, err = file.Write(archive)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
}

func (s *store) makeRoom(size int64) {
	paths, _ := filepath.Glob(filepath.Join(s.folder, "*.tgz"))
	files := make([]os.FileInfo, 0, len(paths))
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			files = append(files, info)
			size += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, oldest := range files {
		if size <= s.budget {
			return
		}
		if os.Remove(filepath.Join(s.folder, oldest.Name())) == nil {
			size -= oldest.Size()
		}
	}
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parsed)
}
