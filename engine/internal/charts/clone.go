package charts

import (
	"maps"
	"slices"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// clone copies what the SDK writes into (dependencies, metadata, values) and
// shares what it only reads (the files' bytes).
func clone(c *chart.Chart) *chart.Chart {
	copied := &chart.Chart{
		Metadata:      cloneMetadata(c.Metadata),
		Lock:          c.Lock,
		Templates:     slices.Clone(c.Templates),
		Values:        CloneValues(c.Values),
		Schema:        c.Schema,
		SchemaModTime: c.SchemaModTime,
		Files:         slices.Clone(c.Files),
		ModTime:       c.ModTime,
	}
	for _, dependency := range c.Dependencies() {
		copied.AddDependency(clone(dependency))
	}
	return copied
}

func cloneMetadata(m *chart.Metadata) *chart.Metadata {
	if m == nil {
		return nil
	}
	copied := *m
	copied.Annotations = maps.Clone(m.Annotations)
	copied.Dependencies = make([]*chart.Dependency, 0, len(m.Dependencies))
	for _, one := range m.Dependencies {
		if one == nil {
			continue
		}
		dependency := *one
		dependency.Tags = slices.Clone(one.Tags)
		dependency.ImportValues = cloneList(one.ImportValues)
		copied.Dependencies = append(copied.Dependencies, &dependency)
	}
	if m.Dependencies == nil {
		copied.Dependencies = nil
	}
	return &copied
}

// CloneValues copies values so that nothing is shared that can be written into.
func CloneValues(values map[string]any) map[string]any {
	if values == nil {
		return nil
	}
	copied := make(map[string]any, len(values))
	for name, value := range values {
		copied[name] = cloneValue(value)
	}
	return copied
}

func cloneList(values []any) []any {
	if values == nil {
		return nil
	}
	copied := make([]any, len(values))
	for i, value := range values {
		copied[i] = cloneValue(value)
	}
	return copied
}

func cloneValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return CloneValues(value)
	case []any:
		return cloneList(value)
	default:
		return value
	}
}
