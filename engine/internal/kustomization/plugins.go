package kustomization

import (
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// loading are the fields by which kustomize's own plugins name files.
var loading = []string{"path", "paths", "files", "envs", "env", "crds"}

// plugins refuses what is not built into kustomize, runs helm, or would fetch.
func (t *tree) plugins(file string, before int, documents []*yaml.Node) {
	for _, document := range documents {
		top := behind(document)
		if top == nil || top.Kind != yaml.MappingNode {
			continue
		}
		kind, line := text(field(top, "kind")), before+top.Line
		if kind == "HelmChartInflationGenerator" {
			t.blame(file, line, "charts are not rendered in a kustomization: write a HelmRelease")
			continue
		}
		if text(field(top, "apiVersion")) != "builtin" {
			t.blame(file, line, "%s is no plugin of kustomize's own (apiVersion: builtin), and no other is run", kind)
			continue
		}
		scalars(top, "", func(key string, scalar *yaml.Node) {
			if isLoading(key) && strings.Contains(scalar.Value, "://") {
				t.blame(file, before+scalar.Line, "%s: %q is not fetched: put it into the repository", key, shown(scalar.Value))
			}
		})
	}
}

func isLoading(key string) bool {
	for _, one := range loading {
		if strings.EqualFold(one, key) {
			return true
		}
	}
	return false
}
