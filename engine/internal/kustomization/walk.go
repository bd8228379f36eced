package kustomization

import (
	"fmt"
	"path"

	yaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"

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
