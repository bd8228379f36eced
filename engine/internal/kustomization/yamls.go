package kustomization

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

const (
	// mostNodes bounds a file with all its aliases replaced by what they stand for.
	mostNodes = 2_000_000
	mostDepth = 200
)

// read parses the documents of a file; what is wrong comes with its line.
func read(content []byte) ([]*yaml.Node, int, error) {
	var documents []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	size := 0
	for {
		document := &yaml.Node{}
		err := decoder.Decode(document)
		if errors.Is(err, io.EOF) {
			return documents, 0, nil
		}
		if err != nil && json.Valid(content) {
			return nil, 0, nil // Indented by tabs, which YAML does not take; it is no object then.
		}
		if err != nil {
			line, words := lineIn(err.Error())
			return nil, line, errors.New("is no YAML: " + words)
		}
		if size += weigh(document, map[*yaml.Node]int{}, 0); size > mostNodes {
			return nil, document.Line, errors.New("grows beyond any bound when its aliases are replaced, or is nested too deep")
		}
		documents = append(documents, document)
	}
}

var atLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

func lineIn(words string) (int, string) {
	found := atLine.FindStringSubmatch(words)
	line, _ := strconv.Atoi(found[1])
	return line, strings.TrimPrefix(words, found[0])
}

// weigh counts the nodes that replacing all aliases would make. Only what has an
// anchor is come by more than once.
func weigh(node *yaml.Node, known map[*yaml.Node]int, depth int) int {
	if weight, is := known[node]; is {
		return weight
	}
	if depth > mostDepth {
		return mostNodes + 1
	}
	if node.Anchor != "" {
		known[node] = mostNodes + 1 // It does not end, should it contain itself.
	}
	weight := 1
	if node.Kind == yaml.AliasNode {
		weight = weigh(node.Alias, known, depth+1)
	}
	for _, child := range node.Content {
		weight = min(weight+weigh(child, known, depth+1), mostNodes+1)
	}
	if node.Anchor != "" {
		known[node] = weight
	}
	return weight
}

// lineOf finds where an entry is written.
func lineOf(documents []*yaml.Node, entry string) int {
	for _, node := range documents {
		if node.Kind == yaml.ScalarNode && node.Value == entry {
			return node.Line
		}
		if line := lineOf(node.Content, entry); line > 0 {
			return line
		}
	}
	return 0
}

// field is the value of a mapping's key, or nil.
func field(node *yaml.Node, key string) *yaml.Node {
	node = behind(node)
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return behind(node.Content[i+1])
		}
	}
	return nil
}

// behind is the value that a document or an alias stands for.
func behind(node *yaml.Node) *yaml.Node {
	for node != nil {
		switch {
		case node.Kind == yaml.AliasNode:
			node = node.Alias
		case node.Kind == yaml.DocumentNode && len(node.Content) > 0:
			node = node.Content[0]
		default:
			return node
		}
	}
	return nil
}

func text(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

// scalars calls for every scalar below a node, with the key it stands under.
func scalars(node *yaml.Node, key string, found func(key string, scalar *yaml.Node)) {
	node = behind(node)
	switch {
	case node == nil:
	case node.Kind == yaml.ScalarNode:
		found(key, node)
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			scalars(node.Content[i+1], node.Content[i].Value, found)
		}
	default:
		for _, child := range node.Content {
			scalars(child, key, found)
		}
	}
}
