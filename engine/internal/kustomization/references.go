package kustomization

import (
	"fmt"
	"net/url"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
)

// what a reference may lead to.
type what int

const (
	// fileOrFolder is an object's file, or a folder with a kustomization.
	fileOrFolder what = iota
	folderOnly
	yamlFile
	// anyFile may hold whatever: data of a ConfigMap.
	anyFile
	// secretFile is data of a Secret.
	secretFile
	// plugin is configuration of a generator, transformer or validator.
	plugin
)

// reference is an entry of a kustomization that names something else.
type reference struct {
	field string
	// entry is as written; target is the path in it.
	entry, target string
	what          what
}

// references are all entries that the library would follow, of a kustomization
// whose old fields were moved to their new ones.
func references(k *types.Kustomization) []reference {
	var all []reference
	add := func(what what, field string, entries ...string) {
		for i, entry := range entries {
			all = append(all, reference{fmt.Sprintf("%s[%d]", field, i), entry, entry, what})
		}
	}
	add(fileOrFolder, "resources", k.Resources...)
	add(folderOnly, "components", k.Components...)
	add(yamlFile, "crds", k.Crds...)
	add(yamlFile, "configurations", k.Configurations...)
	add(plugin, "generators", withoutInline(k.Generators)...)
	add(plugin, "transformers", withoutInline(k.Transformers)...)
	add(plugin, "validators", withoutInline(k.Validators)...)
	for _, patch := range k.PatchesStrategicMerge {
		add(yamlFile, "patchesStrategicMerge", withoutInline([]string{string(patch)})...)
	}
	all = append(all, ofPatches("patches", k.Patches)...)
	all = append(all, ofPatches("patchesJson6902", k.PatchesJson6902)...)
	for i, replacement := range k.Replacements {
		all = append(all, single(yamlFile, fmt.Sprintf("replacements[%d].path", i), replacement.Path)...)
	}
	for i, one := range k.ConfigMapGenerator {
		all = append(all, ofSources(fmt.Sprintf("configMapGenerator[%d]", i), one.KvPairSources, anyFile)...)
	}
	for i, one := range k.SecretGenerator {
		all = append(all, ofSources(fmt.Sprintf("secretGenerator[%d]", i), one.KvPairSources, secretFile)...)
	}
	return append(all, single(yamlFile, "openapi.path", k.OpenAPI["path"])...)
}

func single(what what, field, entry string) []reference {
	if entry == "" {
		return nil
	}
	return []reference{{field, entry, entry, what}}
}

func ofPatches(field string, patches []types.Patch) []reference {
	var all []reference
	for i, patch := range patches {
		all = append(all, single(yamlFile, fmt.Sprintf("%s[%d].path", field, i), patch.Path)...)
	}
	return all
}

// ofSources are files as `key=path` or `path`, and files of variables.
func ofSources(field string, sources types.KvPairSources, what what) []reference {
	var all []reference
	for i, entry := range sources.FileSources {
		_, target, keyed := strings.Cut(entry, "=")
		if !keyed {
			target = entry
		}
		all = append(all, reference{fmt.Sprintf("%s.files[%d]", field, i), entry, target, what})
	}
	for i, entry := range sources.EnvSources {
		all = append(all, reference{fmt.Sprintf("%s.envs[%d]", field, i), entry, entry, what})
	}
	return all
}

// withoutInline leaves out entries that are documents themselves.
func withoutInline(entries []string) []string {
	var paths []string
	for _, entry := range entries {
		if !isInline(entry) {
			paths = append(paths, entry)
		}
	}
	return paths
}

func isInline(entry string) bool {
	text := strings.TrimSpace(entry)
	return strings.HasPrefix(text, "{") || strings.Contains(text, "\n")
}

func (r reference) mayBeFolder() bool {
	return r.what == fileOrFolder || r.what == folderOnly || r.what == plugin
}

// scheme says whether the library would take an entry for a file of the web.
func scheme(entry string) bool {
	address, err := url.Parse(entry)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https")
}

// remote says whether the library could take an entry for an address. It errs
// on the side of yes; a folder that is called like one is written with ./
func remote(entry string) bool {
	text := strings.ToLower(strings.TrimSpace(entry))
	if strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") {
		return false
	}
	for _, mark := range []string{"://", "git::", "git@", "gh:", "?ref=", "_git/", ".git/"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	host, _, _ := strings.Cut(text, "/")
	return strings.HasPrefix(text, "github.com") || strings.ContainsAny(host, ":@") || strings.HasSuffix(text, ".git")
}
