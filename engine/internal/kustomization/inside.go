package kustomization

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
)

// parse reads a kustomization by the library's own rules.
func (t *tree) parse(file string) (*types.Kustomization, []*yaml.Node) {
	documents := t.yaml(file)
	if documents == nil {
		return nil, nil
	}
	k := &types.Kustomization{}
	if err := k.Unmarshal(t.files[file]); err != nil {
		words := strings.TrimPrefix(err.Error(), "invalid Kustomization: ")
		t.blame(file, lineOf(documents, quotedIn(words)), "is no kustomization: %s", strings.TrimPrefix(words, "json: "))
		return nil, nil
	}
	k.FixKustomization()
	t.literals(file, k, documents)
	return k, documents
}

// literals looks at those of generators, of which the library would quote what
// it cannot read.
func (t *tree) literals(file string, k *types.Kustomization, documents []*yaml.Node) {
	check := func(generator string, number int, literals []string) {
		for i, literal := range literals {
			if !strings.Contains(literal, "=") {
				t.blame(file, lineOf(documents, literal), "%s[%d].literals[%d]: is not written as key=value", generator, number, i)
			}
		}
	}
	for i, one := range k.ConfigMapGenerator {
		check("configMapGenerator", i, one.LiteralSources)
	}
	for i, one := range k.SecretGenerator {
		t.secrets.literals(one.LiteralSources)
		check("secretGenerator", i, one.LiteralSources)
	}
}

// quotedIn is the first word in quotes: the field that the library does not know.
func quotedIn(words string) string {
	parts := strings.SplitN(words, `"`, 3)
	if len(parts) < 3 {
		return words
	}
	return parts[1]
}

// yaml reads a file once and notes what must not be told of it.
func (t *tree) yaml(file string) []*yaml.Node {
	documents, line, err := read(t.files[file])
	if err != nil {
		if !t.seen[file] {
			t.blame(file, line, "%s", err)
		}
		t.seen[file] = true
		return nil
	}
	t.seen[file] = true
	t.secrets.documents(documents)
	if documents == nil {
		documents = []*yaml.Node{}
	}
	return documents
}

// refusePrograms names what asks for helm.
func (t *tree) refusePrograms(file string, k *types.Kustomization, documents []*yaml.Node) {
	for i, chart := range k.HelmCharts {
		t.blame(file, lineOf(documents, chart.Name),
			"helmCharts[%d] (%s): charts are not rendered in a kustomization: write a HelmRelease", i, chart.Name)
	}
	if k.HelmGlobals != nil && len(k.HelmCharts) == 0 {
		t.blame(file, lineOf(documents, "helmGlobals"),
			"helmGlobals: charts are not rendered in a kustomization: write a HelmRelease")
	}
}

// inline reads documents that stand in the kustomization itself.
func (t *tree) inline(file string, k *types.Kustomization, documents []*yaml.Node) {
	for _, entries := range [][]string{k.Generators, k.Transformers, k.Validators} {
		for _, entry := range entries {
			t.inlined(file, entry, documents, true)
		}
	}
	for _, entry := range k.PatchesStrategicMerge {
		t.inlined(file, string(entry), documents, false)
	}
	for _, patch := range slices.Concat(k.Patches, k.PatchesJson6902) {
		t.inlined(file, patch.Patch, documents, false)
	}
}

func (t *tree) inlined(file, entry string, around []*yaml.Node, plugins bool) {
	if !isInline(entry) {
		return
	}
	// The text of a block starts in the line after its sign.
	start := lineOf(around, entry)
	documents, line, err := read([]byte(entry))
	if err != nil {
		t.blame(file, start+line, "%s", err)
		return
	}
	t.secrets.documents(documents)
	if plugins {
		t.plugins(file, start, documents)
	}
}
