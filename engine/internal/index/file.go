package index

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"time"

	"github.com/Masterminds/semver/v3"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// An index in a file: the versions of each chart in turn, a table that says
// where they are, and where the table is. All is checked by its sum.
const (
	format = "hwindex1"
	// The table's place and sum, and the format.
	footer = 8 + 4 + len(format)
	// decoded is how many charts' versions are kept in memory.
	decoded = 8
)

// ErrBroken is of a file that is not what was written.
var ErrBroken = errors.New("what is kept of the index is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// About is what the repository told of its index, to ask for it again cheaply.
type About struct{ ETag, Modified string }

// Index is what a repository lists.
type Index struct {
	About About
	// Content names what it was read from: the same name, the same bytes.
	Content string
	// Kept tells whether it lies in the file that it was to be kept in.
	Kept bool

	places map[string]place
	from   io.ReaderAt

	mu     sync.Mutex
	recent map[string][]Entry
}

// place is where the versions of one chart are, or why there are none.
type place struct {
	At      int64  `json:"a,omitempty"`
	Size    int    `json:"s,omitempty"`
	Sum     uint32 `json:"c,omitempty"`
	Problem string `json:"p,omitempty"`
}

type table struct {
	About   About
	Content string
	Places  map[string]place
}

// Read makes an index of what a repository answered, kept at the path where
// that is not empty and the disk takes it. Errors are worded as what the
// repository did.
func Read(body io.Reader, about About, folder, path string) (*Index, error) {
	to := newSpool(folder)
	written, content, err := read(body, to)
	if err != nil {
		to.drop()
		return nil, err
	}
	x := &Index{About: about, Content: content, places: written.places}
	if err := written.end(table{about, content, written.places}); err != nil {
		to.drop()
		return nil, err
	}
	if x.from, x.Kept, err = to.finish(path); err != nil {
		return nil, err
	}
	return x, nil
}

// Open reads the table of a file, and checks all of it.
func Open(path string) (*Index, time.Time, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	x, err := openTable(file, info.Size())
	if err != nil {
		_ = file.Close()
		return nil, time.Time{}, err
	}
	return x, info.ModTime(), nil
}

func openTable(file io.ReaderAt, size int64) (*Index, error) {
	end := make([]byte, footer)
	if _, err := file.ReadAt(end, size-int64(footer)); err != nil || string(end[12:]) != format {
		return nil, ErrBroken
	}
	at := int64(binary.BigEndian.Uint64(end))
	if at < 0 || at > size-int64(footer) {
		return nil, ErrBroken
	}
	text := make([]byte, size-int64(footer)-at)
	var held table
	if _, err := file.ReadAt(text, at); err != nil ||
		crc32.Checksum(text, castagnoli) != binary.BigEndian.Uint32(end[8:]) || json.Unmarshal(text, &held) != nil {
		return nil, ErrBroken
	}
	x := &Index{About: held.About, Content: held.Content, Kept: true, places: held.Places, from: file}
	for _, one := range x.places {
		if _, err := x.piece(one); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *Index) piece(of place) ([]byte, error) {
	text := make([]byte, of.Size)
	if _, err := x.from.ReadAt(text, of.At); err != nil || crc32.Checksum(text, castagnoli) != of.Sum {
		return nil, ErrBroken
	}
	return text, nil
}

// versions of a chart, newest first; none where it is not listed.
func (x *Index) versions(repository, name string) ([]Entry, error) {
	of, listed := x.places[name]
	switch {
	case !listed:
		return nil, nil
	case of.Problem != "":
		return nil, failure.New(pb.Failure_SOURCE_UNAVAILABLE, "%s lists chart %q, but %s", repository, name, of.Problem)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if known, found := x.recent[name]; found {
		return known, nil
	}
	text, err := x.piece(of)
	if err != nil {
		return nil, err
	}
	var versions []Entry
	if err := json.Unmarshal(text, &versions); err != nil {
		return nil, ErrBroken
	}
	for i := range versions {
		if versions[i].parsed, err = semver.NewVersion(versions[i].Version); err != nil {
			return nil, ErrBroken
		}
	}
	if len(x.recent) >= decoded || x.recent == nil {
		x.recent = map[string][]Entry{}
	}
	x.recent[name] = versions
	return versions, nil
}

// writer puts charts one after the other.
type writer struct {
	to       *spool
	places   map[string]place
	problems int
	failed   error
}

func newWriter(to *spool) *writer { return &writer{to: to, places: map[string]place{}} }

func (w *writer) keep(name string, versions []Entry, problem string) error {
	if w.failed = w.fits(name); w.failed != nil {
		return w.failed
	}
	if _, twice := w.places[name]; twice {
		problem = "more than once"
	}
	if problem != "" {
		w.problems++
		w.places[name] = place{Problem: problem}
		return nil
	}
	text, err := json.Marshal(sorted(versions))
	if err != nil {
		return err
	}
	w.places[name] = place{At: w.to.size, Size: len(text), Sum: crc32.Checksum(text, castagnoli)}
	_, w.failed = w.to.Write(text)
	return w.failed
}

func (w *writer) fits(name string) error {
	switch {
	case len(name) > longestName:
		return fmt.Errorf("lists a chart whose name is longer than %d letters", longestName)
	case len(w.places) >= mostCharts:
		return fmt.Errorf("lists more than %d charts", mostCharts)
	}
	return nil
}

func (w *writer) end(held table) error {
	text, err := json.Marshal(held)
	if err != nil {
		return err
	}
	end := binary.BigEndian.AppendUint64(nil, uint64(w.to.size))
	end = binary.BigEndian.AppendUint32(end, crc32.Checksum(text, castagnoli))
	for _, part := range [][]byte{text, end, []byte(format)} {
		if _, err := w.to.Write(part); err != nil {
			return err
		}
	}
	return nil
}
