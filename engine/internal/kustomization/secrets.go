package kustomization

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

const (
	masked = "***"
	// shortestSecret spares words of every day.
	shortestSecret = 4
)

// secrets are what no message may tell: the library quotes what it chokes on.
type secrets struct{ known map[string]bool }

func (s *secrets) add(value string) {
	if s.known == nil {
		s.known = map[string]bool{}
	}
	for line := range strings.Lines(value) {
		line = strings.TrimSpace(line)
		if len(line) < shortestSecret {
			continue
		}
		s.known[line] = true
		s.known[base64.StdEncoding.EncodeToString([]byte(line))] = true
		if plain, err := base64.StdEncoding.DecodeString(line); err == nil && len(plain) >= shortestSecret {
			s.known[string(plain)] = true
		}
	}
	s.known[base64.StdEncoding.EncodeToString([]byte(value))] = len(value) >= shortestSecret
}

// documents notes the data of Secrets, and the values of patches, which may be
// meant for one.
func (s *secrets) documents(documents []*yaml.Node) {
	for _, document := range documents {
		top := behind(document)
		if top != nil && top.Kind == yaml.SequenceNode {
			for _, operation := range top.Content {
				s.below(field(operation, "value"))
			}
		}
		s.object(top)
	}
}

func (s *secrets) object(object *yaml.Node) {
	if text(field(object, "kind")) == "Secret" {
		s.below(field(object, "data"))
		s.below(field(object, "stringData"))
	}
	if items := field(object, "items"); items != nil && items.Kind == yaml.SequenceNode {
		for _, item := range items.Content {
			s.object(item)
		}
	}
}

func (s *secrets) below(node *yaml.Node) {
	scalars(node, "", func(_ string, scalar *yaml.Node) { s.add(scalar.Value) })
}

// literals are `key=value`; one that is not is secret as a whole.
func (s *secrets) literals(literals []string) {
	for _, literal := range literals {
		_, value, found := strings.Cut(literal, "=")
		if !found {
			value = literal
		}
		s.add(value)
		s.add(strings.Trim(value, `"'`))
	}
}

// file is the content of a Secret's key, or lines of variables.
func (s *secrets) file(content []byte) {
	s.add(string(content))
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		s.literals([]string{lines.Text()})
	}
}

// mask replaces what is secret, the longest first: one may be part of another.
func (s *secrets) mask(words string) string {
	all := make([]string, 0, len(s.known))
	for value, is := range s.known {
		if is && strings.Contains(words, value) {
			all = append(all, value)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range all {
		words = strings.ReplaceAll(words, value, masked)
	}
	return words
}
