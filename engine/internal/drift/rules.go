package drift

import (
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Rules say which fields of which objects may differ.
type Rules []rule

type rule struct {
	paths                                 [][]string
	group, version, kind, name, namespace *regexp.Regexp
	labels, annotations                   labels.Selector
}

// Compile reads rules; what of them cannot be read is named as it is spelt in
// the spec.
func Compile(given []*pb.IgnoreRule) (Rules, error) {
	rules := make(Rules, 0, len(given))
	for number, one := range given {
		read, err := compile(one)
		if err != nil {
			return nil, failure.New(pb.Failure_INVALID, "spec.driftDetection.ignore[%d].target.%w", number, err)
		}
		rules = append(rules, read)
	}
	return rules, nil
}

func compile(given *pb.IgnoreRule) (rule, error) {
	var read rule
	for _, pointer := range given.GetPaths() {
		read.paths = append(read.paths, Tokens(pointer))
	}
	for _, part := range []struct {
		field, text string
		into        **regexp.Regexp
	}{
		{"group", given.GetGroup(), &read.group},
		{"version", given.GetVersion(), &read.version},
		{"kind", given.GetKind(), &read.kind},
		{"name", given.GetName(), &read.name},
		{"namespace", given.GetNamespace(), &read.namespace},
	} {
		pattern, err := regexp.Compile("^(?:" + part.text + ")$")
		if err != nil {
			return read, fmt.Errorf("%s: %q is no regular expression of Go's: %w", part.field, part.text, err)
		}
		if part.text != "" {
			*part.into = pattern
		}
	}
	var err error
	if read.labels, err = labels.Parse(given.GetLabelSelector()); err != nil {
		return read, fmt.Errorf("labelSelector: %q is no selector: %w", given.GetLabelSelector(), err)
	}
	if read.annotations, err = labels.Parse(given.GetAnnotationSelector()); err != nil {
		return read, fmt.Errorf("annotationSelector: %q is no selector: %w", given.GetAnnotationSelector(), err)
	}
	return read, nil
}

// Ignored are the fields of one object that may differ.
type Ignored [][]string

// For finds what may differ of an object, as the revision has it.
func (r Rules) For(object *unstructured.Unstructured) Ignored {
	var ignored Ignored
	for _, one := range r {
		if one.fits(object) {
			ignored = append(ignored, one.paths...)
		}
	}
	return ignored
}

func (r rule) fits(object *unstructured.Unstructured) bool {
	kind := object.GroupVersionKind()
	return fit(r.group, kind.Group) && fit(r.version, kind.Version) && fit(r.kind, kind.Kind) &&
		fit(r.name, object.GetName()) && fit(r.namespace, object.GetNamespace()) &&
		r.labels.Matches(labels.Set(object.GetLabels())) &&
		r.annotations.Matches(labels.Set(object.GetAnnotations()))
}

func fit(pattern *regexp.Regexp, text string) bool {
	return pattern == nil || pattern.MatchString(text)
}

// All says whether the whole object may differ.
func (i Ignored) All() bool {
	return slices.ContainsFunc(i, func(path []string) bool { return len(path) == 0 })
}

// Covers says whether a change is in nothing but fields that may differ.
func (i Ignored) Covers(one Change) bool {
	desired, live := one.Desired, one.Live
	for _, path := range i {
		switch {
		case isWithin(one.Path, path):
			return true
		case isWithin(path, one.Path):
			desired, live = without(desired, path[len(one.Path):]), without(live, path[len(one.Path):])
		}
	}
	return Same(desired, live)
}

func isWithin(path, outer []string) bool {
	return len(path) >= len(outer) && slices.Equal(path[:len(outer)], outer)
}

// without is a copy of a value in which one field is not.
func without(value any, path []string) any {
	from, isMap := value.(map[string]any)
	if items, isList := value.([]any); isList {
		return withoutItem(items, path)
	}
	if !isMap {
		return value
	}
	copied := map[string]any{}
	for name, one := range from {
		switch {
		case name != path[0]:
			copied[name] = one
		case len(path) > 1:
			copied[name] = without(one, path[1:])
		}
	}
	return copied
}

func withoutItem(items []any, path []string) any {
	copied := make([]any, 0, len(items))
	for at, one := range items {
		switch {
		case fmt.Sprint(at) != path[0]:
			copied = append(copied, one)
		case len(path) > 1:
			copied = append(copied, without(one, path[1:]))
		}
	}
	return copied
}
