package charts

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"golang.org/x/sync/singleflight"
)

const parsedBudget = 192 << 20

// The kinds of digests: of an archive's bytes, and of a packed chart's content.
const (
	ofArchive = "sha256"
	ofTree    = "tree"
)

// store keeps charts by digest: parsed ones in memory, archives on disk. Whoever
// was given a chart keeps it: what is removed here is gone for the next only.
type store struct {
	disk   *disk
	flight singleflight.Group

	mu     sync.Mutex
	parsed map[string]*list.Element
	recent *list.List
	size   int64
}

type kept struct {
	digest  string
	chart   *chart.Chart
	size    int64
	touched time.Time
}

func newStore(disk *disk) *store {
	return &store{disk: disk, parsed: map[string]*list.Element{}, recent: list.New()}
}

func digestOf(archive []byte) string {
	sum := sha256.Sum256(archive)
	return ofArchive + ":" + hex.EncodeToString(sum[:])
}

// get gives a chart that others use too: clone before use. Nil: it is not here
// (any more), or what lies on disk is not what was written.
func (s *store) get(digest string) *chart.Chart {
	if found := s.inMemory(digest); found != nil {
		return found
	}
	found, _, _ := s.flight.Do(digest, func() (any, error) { return s.fromDisk(digest), nil })
	return found.(*chart.Chart)
}

func (s *store) inMemory(digest string) *chart.Chart {
	s.mu.Lock()
	defer s.mu.Unlock()
	element, found := s.parsed[digest]
	if !found {
		return nil
	}
	s.recent.MoveToFront(element)
	one := element.Value.(*kept)
	if path := s.path(digest); path != "" && time.Since(one.touched) > touchAfter {
		one.touched = time.Now()
		s.disk.used(path)
	}
	return one.chart
}

func (s *store) fromDisk(digest string) *chart.Chart {
	path := s.path(digest)
	if path == "" {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	archive, sound := unsealed(digest, content)
	if !sound {
		_ = os.Remove(path)
		return nil
	}
	parsed, size, err := parse(archive)
	if err != nil {
		return nil
	}
	s.disk.used(path)
	s.remember(digest, parsed, size)
	return parsed
}

// sealed puts an archive's own sum before it where the digest is of something else.
func sealed(digest string, archive []byte) []byte {
	if strings.HasPrefix(digest, ofArchive+":") {
		return archive
	}
	sum := sha256.Sum256(archive)
	return append(sum[:], archive...)
}

// unsealed gives the archive back, if it is what was written.
func unsealed(digest string, content []byte) ([]byte, bool) {
	if strings.HasPrefix(digest, ofArchive+":") {
		return content, digestOf(content) == digest
	}
	if len(content) < sha256.Size {
		return nil, false
	}
	archive := content[sha256.Size:]
	sum := sha256.Sum256(archive)
	return archive, bytes.Equal(sum[:], content[:sha256.Size])
}

func (s *store) path(digest string) string {
	kind, sum, found := strings.Cut(digest, ":")
	folder := s.disk.in(chartsFolder)
	if _, err := hex.DecodeString(sum); err != nil || !found || len(sum) != 64 || folder == "" ||
		kind != ofArchive && kind != ofTree {
		return ""
	}
	return filepath.Join(folder, kind+"-"+sum+".tgz")
}

// put parses an archive and keeps it.
func (s *store) put(archive []byte) (string, *chart.Chart, error) {
	parsed, size, err := parse(archive)
	if err != nil {
		return "", nil, err
	}
	digest := digestOf(archive)
	s.remember(digest, parsed, size)
	s.write(digest, archive)
	return digest, parsed, nil
}

// keep takes a chart that is parsed already. The archive must parse to it again.
func (s *store) keep(digest string, archive []byte, parsed *chart.Chart) {
	s.remember(digest, parsed, int64(len(archive))+unpackedSize(parsed))
	s.write(digest, archive)
}

// write is for the next start, and for when memory is short.
func (s *store) write(digest string, archive []byte) {
	if path := s.path(digest); path != "" {
		s.disk.write(path, sealed(digest, archive))
	}
}

func (s *store) remember(digest string, parsed *chart.Chart, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.parsed[digest]; found {
		return
	}
	s.parsed[digest] = s.recent.PushFront(&kept{digest, parsed, size, time.Now()})
	s.size += size
	for s.size > parsedBudget && s.recent.Len() > 1 {
		last := s.recent.Back()
		oldest := s.recent.Remove(last).(*kept)
		delete(s.parsed, oldest.digest)
		s.size -= oldest.size
	}
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parsed)
}
