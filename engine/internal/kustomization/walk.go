package kustomization

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"

	pb "helmward.dev/engine/internal/enginepb"
)

// mostBuilds bounds how often bases are built, each as often as it is reached.
const mostBuilds = 2_000

// tree is what can be reached from one kustomization.
type tree struct {
	files   map[string][]byte
	folders map[string]bool
	faults  []Fault
	secrets secrets
	// builds is how many kustomizations are built for one of a folder.
	builds map[string]int
	seen   map[string]bool
}

// walk reads what the library would read, as it would, and notes all that is
// wrong: what leads out of the repository, is not there, or would be run.
func walk(files map[string][]byte, folder string) *tree {
	t := &tree{
		files: files, folders: map[string]bool{".": true}, builds: map[string]int{}, seen: map[string]bool{},
	}
	for name := range files {
		for at := path.Dir(name); at != "." && !t.folders[at]; at = path.Dir(at) {
			t.folders[at] = true
		}
	}
	if builds := t.kustomization(folder, false); builds > mostBuilds && len(t.faults) == 0 {
		t.blame(folder, 0, "its bases would be built more than %d times", mostBuilds)
	}
	return t
}

func (t *tree) err() error {
	if len(t.faults) == 0 {
		return nil
	}
	return refusal(pb.Failure_INVALID, t.faults...)
}

func (t *tree) blame(file string, line int, format string, values ...any) {
	t.faults = append(t.faults, Fault{file, line, t.secrets.mask(fmt.Sprintf(format, values...))})
}

// kustomization reads that of a folder and what it refers to, and returns how
// many kustomizations are built for it.
func (t *tree) kustomization(folder string, plugins bool) int {
	key := fmt.Sprint(folder, plugins)
	if builds, done := t.builds[key]; done {
		return builds
	}
	t.builds[key] = 0 // A cycle ends here; the library names it.
	file, found := t.fileOf(folder)
	if !found {
		return 0
	}
	k, documents := t.parse(file)
	if k == nil {
		return 0
	}
	t.refusePrograms(file, k, documents)
	t.inline(file, k, documents)
	builds := 1
	for _, one := range references(k) {
		builds = min(builds+t.follow(folder, file, one, documents, plugins), mostBuilds+1)
	}
	t.builds[key] = builds
	return builds
}

func (t *tree) fileOf(folder string) (string, bool) {
	if !t.folders[folder] {
		t.blame(folder, 0, "there is no such folder")
		return "", false
	}
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		if _, is := t.files[path.Join(folder, name)]; is {
			found = append(found, path.Join(folder, name))
		}
	}
	switch len(found) {
	case 0:
		t.blame(folder, 0, "there is no kustomization.yaml in the folder")
	case 1:
		return found[0], true
	default:
		t.blame(found[1], 0, "there is also %s in the folder; keep one of them", path.Base(found[0]))
	}
	return "", false
}

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
	for _, one := range k.SecretGenerator {
		t.secrets.literals(one.LiteralSources)
	}
	return k, documents
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

// follow reads what a reference leads to.
func (t *tree) follow(folder, file string, one reference, around []*yaml.Node, plugins bool) int {
	target, err := t.resolve(folder, one)
	if err != nil {
		t.blame(file, lineOf(around, one.entry), "%s: %s", one.field, err)
		return 0
	}
	plugins = plugins && one.what == fileOrFolder || one.what == plugin
	if t.folders[target] {
		if contains(target, folder) {
			t.blame(file, lineOf(around, one.entry), "%s: %q is a cycle: this very kustomization is in it", one.field, one.entry)
			return 0
		}
		return t.kustomization(target, plugins)
	}
	switch one.what {
	case secretFile:
		t.secrets.file(t.files[target])
	case anyFile:
	default:
		if documents := t.yaml(target); plugins {
			t.plugins(target, 0, documents)
		}
	}
	return 0
}

// contains says whether a folder is another one or above it.
func contains(folder, other string) bool {
	return folder == "." || folder == other || strings.HasPrefix(other, folder+"/")
}

func (t *tree) resolve(folder string, one reference) (string, error) {
	switch {
	case one.target == "":
		return "", errors.New("is empty")
	case t.fetched(folder, one):
		return "", fmt.Errorf("remote base %q is not fetched: put it into the repository", shown(one.entry))
	case path.IsAbs(one.target):
		return "", fmt.Errorf("%q is an absolute path; write it from the kustomization's folder", one.entry)
	}
	target := path.Join(folder, one.target)
	_, isFile := t.files[target]
	isFolder := t.folders[target]
	switch {
	case !inside(target):
		return "", fmt.Errorf("%q leads out of the repository", one.entry)
	case !isFile && !isFolder:
		return "", fmt.Errorf("%q is not there", one.entry)
	case isFile && one.what == folderOnly:
		return "", fmt.Errorf("%q is a file; a folder with a kustomization.yaml is wanted", one.entry)
	case isFolder && !one.mayBeFolder():
		return "", fmt.Errorf("%q is a folder; a file is wanted", one.entry)
	}
	return target, nil
}

// fetched says whether the library would ask the web: for files by their scheme
// alone, for what may be a repository by anything that looks like one.
func (t *tree) fetched(folder string, one reference) bool {
	if scheme(one.target) || scheme(one.entry) {
		return true
	}
	_, isFile := t.files[path.Join(folder, one.target)]
	return !isFile && one.mayBeFolder() && remote(one.target)
}

// shown leaves out what an address may say of a login.
func shown(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		scheme, rest = "", address
	}
	host, tail, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = "***" + host[at:]
	}
	tail, _, _ = strings.Cut(tail, "?")
	if found {
		scheme += "://"
	}
	return strings.TrimSuffix(scheme+host+"/"+tail, "/")
}
