package schema

import (
	"net/url"
	"strings"
)

// elsewhere stands for every schema outside of the chart: whatever it might
// say, anything fits. A chart's author must not choose what the operator reads
// or whom it asks; Helm does the same where it cannot resolve a URN.
type elsewhere struct{}

func (elsewhere) Load(string) (any, error) { return true, nil }

// closed makes a schema one that refers to nothing that would have to be
// fetched: not its dialect, and no part of what is elsewhere.
func closed(schema any) any {
	whole, is := schema.(map[string]any)
	if !is {
		return schema
	}
	if dialect, is := whole["$schema"].(string); is && !strings.Contains(dialect, "://json-schema.org/") {
		delete(whole, "$schema")
	}
	base, _ := url.Parse(own)
	if id, err := url.Parse(text(whole["$id"])); err == nil {
		base = base.ResolveReference(id)
	}
	known := map[string]bool{base.String(): true}
	each(whole, func(part map[string]any) {
		if id, err := url.Parse(text(part["$id"])); err == nil {
			known[base.ResolveReference(id).String()] = true
		}
	})
	each(whole, func(part map[string]any) { closeReference(part, base, known) })
	return whole
}

// closeReference leaves a reference to a part of another document one to all of
// it: of what fits anything there are no parts.
func closeReference(part map[string]any, base *url.URL, known map[string]bool) {
	for _, keyword := range []string{"$ref", "$dynamicRef", "$recursiveRef"} {
		document, fragment, _ := strings.Cut(text(part[keyword]), "#")
		to, err := url.Parse(document)
		if document == "" || fragment == "" || err != nil {
			continue
		}
		if !known[base.ResolveReference(to).String()] && !strings.Contains(document, "://json-schema.org/") {
			part[keyword] = document
		}
	}
}

func text(of any) string {
	is, _ := of.(string)
	return is
}

// each visits the maps of a document.
func each(of any, visit func(map[string]any)) {
	switch of := of.(type) {
	case map[string]any:
		visit(of)
		for _, one := range of {
			each(one, visit)
		}
	case []any:
		for _, one := range of {
			each(one, visit)
		}
	}
}
