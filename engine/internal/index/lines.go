package index

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	longestLine = 1 << 20
	// batch is how much of one chart is parsed at once.
	batch        = 64 << 10
	largestPiece = 4 << 20
)

// readLines tells charts, their versions and the keys of these apart by how far
// they are indented, which is how every program writes an index. Only the lines
// that matter are parsed.
func readLines(source *bufio.Reader, into keep) error {
	s := &splitter{lines: lines{from: source}, into: into, charts: -1, items: -1, keys: -1}
	if err := s.findEntries(); err != nil {
		return err
	}
	for {
		line, err := s.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if ended, err := s.line(line); err != nil {
			return err
		} else if ended {
			break
		}
	}
	if s.charts < 0 {
		return errNoEntries
	}
	return s.endChart()
}

type splitter struct {
	lines lines
	into  keep
	// How far charts, items (versions) and their keys are indented; -1: not seen.
	charts, items, keys int

	open     bool
	name     string
	value    string // What stands beside the name: nothing, or flow style.
	versions []Entry
	problem  string

	text    bytes.Buffer
	wanted  bool
	reduced bool
}

// wantedKeys are those of a version that choosing it needs.
var wantedKeys = map[string]bool{"version": true, "appVersion": true, "urls": true, "digest": true}

func (s *splitter) findEntries() error {
	for {
		line, err := s.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return errNoEntries
		case err != nil:
			return err
		case len(bytes.TrimSpace(line)) == 0 || line[0] == ' ' || line[0] == '#' || line[0] == '-':
			continue
		}
		key, value, ok := splitKey(line)
		switch {
		case !ok:
			return errOdd
		case key != "entries":
		case value == "{}":
			s.charts = 0
			return nil
		case value != "":
			return errOdd
		default:
			return nil
		}
	}
}

// line takes one line below `entries`; true: they have ended.
func (s *splitter) line(line []byte) (bool, error) {
	depth := indentOf(line)
	text := line[depth:]
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return false, s.continued(line)
	case text[0] == '#' && (s.keys < 0 || depth <= s.keys):
		return false, nil
	case depth == 0 && !(s.charts < 0 && isItem(text)):
		return true, nil
	case s.charts < 0:
		s.charts = depth
		return false, s.beginChart(text)
	case depth < s.charts, text[0] == '\t' && depth <= s.keys:
		return false, errOdd
	case depth == s.charts && !isItem(text):
		return false, s.beginChart(text)
	case isItem(text) && (s.items < 0 || depth == s.items):
		return false, s.beginItem(depth, text)
	case s.items < 0:
		return false, s.add(line)
	case s.keys < 0 && depth > s.items:
		s.keys = depth
		return false, s.key(depth, text)
	case depth == s.keys && !isItem(text):
		return false, s.key(depth, text)
	case depth < s.keys:
		return false, errOdd
	default:
		return false, s.continued(line)
	}
}

func (s *splitter) beginChart(text []byte) error {
	if err := s.endChart(); err != nil {
		return err
	}
	name, value, ok := splitKey(text)
	if !ok {
		return errOdd
	}
	s.open, s.name, s.value = true, name, value
	s.items, s.keys, s.wanted, s.reduced = -1, -1, false, false
	s.versions, s.problem = nil, ""
	return nil
}

// beginItem leaves the dash alone on its line, so that the first key can be left
// out like any other.
func (s *splitter) beginItem(depth int, text []byte) error {
	if !s.open {
		return errOdd
	}
	if s.text.Len() > batch {
		s.parse()
	}
	s.items, s.keys, s.wanted, s.reduced = depth, -1, false, true
	rest := text[1:]
	inner := indentOf(rest)
	if first := rest[inner:]; len(bytes.TrimSpace(first)) > 0 && first[0] != '#' {
		if _, _, ok := splitKey(first); !ok || first[0] == '{' || isItem(first) {
			s.reduced, s.wanted = false, true
			s.keys = depth + 1 + inner
			return s.add(append(spaces(depth), text...))
		}
		if err := s.add(append(spaces(depth), '-')); err != nil {
			return err
		}
		s.keys = depth + 1 + inner
		return s.key(s.keys, first)
	}
	return s.add(append(spaces(depth), '-'))
}

func (s *splitter) key(depth int, text []byte) error {
	if !s.reduced {
		return s.add(append(spaces(depth), text...))
	}
	name, _, ok := splitKey(text)
	if !ok {
		// The rest of a value, of which YAML may have an opinion.
		return s.continued(append(spaces(depth), text...))
	}
	if name == "<<" {
		return errOdd
	}
	if s.wanted = wantedKeys[name]; s.wanted {
		return s.add(append(spaces(depth), text...))
	}
	return nil
}

func (s *splitter) continued(line []byte) error {
	if !s.wanted {
		return nil
	}
	return s.add(line)
}

func (s *splitter) add(line []byte) error {
	if s.lines.cut || s.text.Len() > largestPiece {
		s.problem = "a line or a version of it is too long"
		return nil
	}
	s.text.Write(line)
	s.text.WriteByte('\n')
	return nil
}

// parse reads the versions gathered so far.
func (s *splitter) parse() {
	var document struct {
		X []Entry `yaml:"x"`
	}
	text := append([]byte("x: "+s.value+"\n"), s.text.Bytes()...)
	s.text.Reset()
	if s.problem != "" {
		return
	}
	err := yaml.Unmarshal(text, &document)
	var odd *yaml.TypeError
	if err != nil && !errors.As(err, &odd) {
		s.problem = "what is written of it is not valid YAML: " + withoutLine(err)
		return
	}
	if s.versions = append(s.versions, document.X...); len(s.versions) > mostVersions {
		s.versions, s.problem = nil, "it has too many versions"
	}
}

// withoutLine takes off the number of a line that is counted from the piece.
func withoutLine(err error) string {
	words := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, found := strings.CutPrefix(words, "line "); found {
		if _, after, found := strings.Cut(rest, ": "); found {
			return after
		}
	}
	return words
}

func (s *splitter) endChart() error {
	if !s.open {
		return nil
	}
	s.open = false
	s.parse()
	return s.into(s.name, s.versions, s.problem)
}

func indentOf(line []byte) int {
	return len(line) - len(bytes.TrimLeft(line, " "))
}

func isItem(text []byte) bool {
	return text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

func spaces(count int) []byte { return bytes.Repeat([]byte{' '}, count) }

// splitKey reads `name: value`; a comment in place of the value is none.
func splitKey(text []byte) (name, value string, ok bool) {
	var rest string
	switch line := string(text); line[0] {
	case '"', '\'':
		end := closing(line)
		if end < 0 || yaml.Unmarshal(text[:end+1], &name) != nil {
			return "", "", false
		}
		rest = line[end+1:]
	case '?', '&', '*', '!', '|', '>', '%', '@', '`', '[', ']', '{', '}', ',', '#':
		return "", "", false
	default:
		end := strings.Index(line+" ", ": ")
		if end < 0 {
			return "", "", false
		}
		name, rest = strings.TrimRight(line[:end], " \t"), line[end:]
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t"), ":")
	if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "#") {
		rest = ""
	}
	return name, rest, ok && name != ""
}

// closing is where the quotes end that a line begins with; -1: not in it.
func closing(line string) int {
	quote := line[0]
	for at := 1; at < len(line); at++ {
		switch {
		case quote == '"' && line[at] == '\\', quote == '\'' && strings.HasPrefix(line[at:], "''"):
			at++
		case line[at] == quote:
			return at
		}
	}
	return -1
}

// lines gives a document line by line, without their ends; of one that is too
// long only the beginning, which `cut` tells.
type lines struct {
	from   *bufio.Reader
	buffer []byte
	cut    bool
}

func (l *lines) next() ([]byte, error) {
	l.buffer, l.cut = l.buffer[:0], false
	for {
		part, err := l.from.ReadSlice('\n')
		if len(l.buffer)+len(part) <= longestLine {
			l.buffer = append(l.buffer, part...)
		} else {
			l.cut = true
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.buffer) > 0, err == nil:
			return bytes.TrimRight(l.buffer, "\r\n"), nil
		default:
			return nil, err
		}
	}
}
