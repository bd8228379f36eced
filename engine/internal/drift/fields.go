// Package drift tells where a live object is not as a revision has it, and what
// of that somebody took from us. It is pure: it sees objects and the managed
// fields that the API server keeps of them, and sends nothing.
package drift

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fields is a set of fields as `fieldsV1` has it: `f:name` of a map, `k:{...}`
// and `v:...` of a list, `.` for the thing itself.
type Fields map[string]any

const (
	ofMap  = "f:"
	ofKeys = "k:"
	ofSet  = "v:"
	ofList = "i:"
	itself = "."
)

// FieldsOf reads the fields of all entries that are wanted, as one set.
func FieldsOf(entries []metav1.ManagedFieldsEntry, wanted func(metav1.ManagedFieldsEntry) bool) Fields {
	all := Fields{}
	for _, entry := range entries {
		if wanted(entry) {
			all.add(read(entry))
		}
	}
	return all
}

func read(entry metav1.ManagedFieldsEntry) Fields {
	found := Fields{}
	if entry.FieldsV1 != nil {
		_ = json.Unmarshal(entry.FieldsV1.Raw, &found) // What cannot be read is nobody's.
	}
	return found
}

func (f Fields) add(more Fields) {
	for element, below := range more {
		known, found := f[element].(map[string]any)
		if !found {
			f[element] = below
			continue
		}
		further, _ := below.(map[string]any)
		known = maps.Clone(known)
		Fields(known).add(further)
		f[element] = known
	}
}

// Has says whether a field is in the set, by itself or with all that it is in.
func (f Fields) Has(at []string) bool {
	for number, element := range at {
		below, found := f[element]
		if !found {
			return number > 0 && len(f) == 0
		}
		f, _ = below.(map[string]any)
	}
	return true
}

// below are the elements of a field, but for the field itself.
func below(fields any) Fields {
	all, _ := fields.(map[string]any)
	if _, found := all[itself]; found {
		all = maps.Clone(all)
		delete(all, itself)
	}
	return all
}

// step goes down one element: to what is there, and how a JSON pointer names it.
func step(value any, element string) (any, string, bool) {
	kind, name := element[:min(2, len(element))], element[min(2, len(element)):]
	if kind == ofMap {
		from, _ := value.(map[string]any)
		found := from[name]
		return found, name, found != nil
	}
	items, _ := value.([]any)
	at := -1
	switch kind {
	case ofKeys:
		at = withKeys(items, name)
	case ofSet:
		at = equalTo(items, name)
	case ofList:
		if place, err := strconv.Atoi(name); err == nil && place < len(items) {
			at = place
		}
	}
	if at < 0 {
		return nil, "", false
	}
	return items[at], strconv.Itoa(at), true
}

// withKeys finds the item of a list that has the keys. Where a key is missing,
// the API server has a default for it: an item that names more of them goes first.
func withKeys(items []any, text string) int {
	var keys map[string]any
	if json.Unmarshal([]byte(text), &keys) != nil {
		return -1
	}
	best, most := -1, -1
	for at, item := range items {
		one, _ := item.(map[string]any)
		if named := named(one, keys); one != nil && named > most {
			best, most = at, named
		}
	}
	return best
}

// named is how many of the keys an item has; -1 where one is another.
func named(item, keys map[string]any) int {
	count := 0
	for key, value := range keys {
		switch {
		case item[key] == nil:
		case Same(item[key], value):
			count++
		default:
			return -1
		}
	}
	if count == 0 {
		return -1
	}
	return count
}

func equalTo(items []any, text string) int {
	var wanted any
	if json.Unmarshal([]byte(text), &wanted) != nil {
		return -1
	}
	for at, item := range items {
		if Same(item, wanted) {
			return at
		}
	}
	return -1
}

// Pointer writes tokens as a JSON pointer.
func Pointer(tokens []string) string {
	var all strings.Builder
	for _, token := range tokens {
		all.WriteByte('/')
		all.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(token))
	}
	return all.String()
}

// Tokens reads a JSON pointer.
func Tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for at, token := range tokens {
		tokens[at] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return tokens
}
