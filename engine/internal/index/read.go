// Package index reads what a chart repository lists, in one pass and in little
// memory, and keeps of it what choosing a version needs: in a file, of which
// one chart at a time is looked at.
package index

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

const (
	// largestWhole is up to what an index that cannot be read piece by piece is
	// read at once: its tree takes some twenty times its bytes.
	largestWhole = 8 << 20
	mostCharts   = 100_000
	mostVersions = 50_000
	longestName  = 512
)

// errOdd is of a document whose pieces cannot be told apart by their place.
var errOdd = errors.New("is written in an unusual way (flow style, anchors or indentation)")

// keep takes one chart's versions, or what is wrong with them.
type keep func(name string, versions []Entry, problem string) error

// read goes through a document once. The name it returns is of the bytes read.
// Errors are worded as what the repository did.
func read(body io.Reader, to *spool) (*writer, string, error) {
	sum := sha256.New()
	raw := &head{most: largestWhole}
	tee := io.TeeReader(&once{from: body}, io.MultiWriter(sum, raw))
	source := newSource(tee)
	into := newWriter(to)
	reading := readKind(source, into.keep)
	if _, err := io.Copy(io.Discard, source); err != nil {
		return nil, "", err
	}
	if into.failed != nil {
		return nil, "", into.failed
	}
	if reading != nil || into.problems > 0 {
		whole, err := readWhole(raw, to, reading)
		if err != nil && reading != nil {
			return nil, "", err
		}
		if err == nil {
			into = whole
		}
	}
	return into, hex.EncodeToString(sum.Sum(nil)), nil
}

func newSource(from io.Reader) *bufio.Reader { return bufio.NewReaderSize(from, 64<<10) }

func readKind(source *bufio.Reader, into keep) error {
	switch start, err := firstByte(source); {
	case err != nil:
		return errNoEntries
	case start == '<':
		return errWebPage
	case start == '{':
		return readJSON(source, into)
	default:
		return readLines(source, into)
	}
}

var (
	errEmpty     = errors.New("answered with an empty document, not with an index.yaml")
	errWebPage   = errors.New("answered with a web page (HTML), not with an index.yaml: is the address a chart repository?")
	errNoEntries = errors.New("answered with a document that has no `entries`: is the address a chart repository?")
)

// firstByte skips white space and a byte order mark.
func firstByte(source *bufio.Reader) (byte, error) {
	if mark, _ := source.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = source.Discard(3)
	}
	for at := 1; ; at++ {
		seen, err := source.Peek(at)
		if len(seen) < at {
			return 0, err
		}
		if one := seen[at-1]; one != ' ' && one != '\n' && one != '\r' && one != '\t' {
			return one, nil
		}
	}
}

// readWhole is for what the quick readers cannot make out; it also tells best
// what is wrong.
func readWhole(raw *head, to *spool, why error) (*writer, error) {
	switch {
	case errors.Is(why, errWebPage):
		return nil, why
	case raw.more && errors.Is(why, errNoEntries):
		return nil, why
	case raw.more:
		return nil, fmt.Errorf("answered with an index that %w, and is read so up to %d MiB only",
			errOdd, largestWhole>>20)
	case len(bytes.TrimSpace(raw.bytes)) == 0:
		return nil, errEmpty
	}
	var document struct {
		Entries map[string][]Entry `yaml:"entries"`
	}
	err := yaml.Unmarshal(raw.bytes, &document)
	var odd *yaml.TypeError
	if err != nil && (!errors.As(err, &odd) || len(document.Entries) == 0) {
		return nil, fmt.Errorf("answered with an index.yaml that is not valid YAML: %w", err)
	}
	if document.Entries == nil {
		return nil, errNoEntries
	}
	to.reset()
	into := newWriter(to)
	for name, versions := range document.Entries {
		if err := into.keep(name, versions, ""); err != nil {
			return nil, err
		}
	}
	return into, nil
}

// head remembers the beginning of what is written to it.
type head struct {
	bytes []byte
	most  int
	more  bool
}

func (h *head) Write(more []byte) (int, error) {
	switch {
	case h.more:
	case len(h.bytes)+len(more) > h.most:
		h.bytes, h.more = nil, true
	default:
		h.bytes = append(h.bytes, more...)
	}
	return len(more), nil
}

// once gives an error again and again, where a reader may forget it.
type once struct {
	from   io.Reader
	failed error
}

func (o *once) Read(into []byte) (int, error) {
	if o.failed != nil {
		return 0, o.failed
	}
	read, err := o.from.Read(into)
	o.failed = err
	return read, err
}
