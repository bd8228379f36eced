package history

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	release "helm.sh/helm/v4/pkg/release/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const mostNamed = 5

// contents tells of a revision what a decision needs and only its manifest
// knows. What there is none of is left out.
func contents(rel *release.Release) map[string]string {
	found := map[string]string{}
	if names := volumesOf(rel.Manifest); len(names) > 0 {
		found[Domain+"volumes"] = few(names)
	}
	if tests := Tests(rel); len(tests) > 0 {
		found[Domain+"tests"] = strconv.Itoa(len(tests))
	}
	return found
}

// describeContents adds them to the claim's annotations before it is written.
func (c *Claim) describeContents(rel *release.Release) {
	all := maps.Clone(c.Annotations)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, contents(rel))
	c.Annotations = all
}

// takeStock adds to the annotations which objects the deployed revision has.
func (c *Claim) takeStock() {
	if c.Inventory != nil {
		c.Annotations = maps.Clone(c.Annotations)
		maps.Copy(c.Annotations, c.Inventory())
	}
}

// Listed is an inventory as annotations. Both are there even where there is
// nothing to list; the objects are left out where they are too many.
func Listed(kinds, objects string, complete bool) map[string]string {
	found := map[string]string{Domain + "kinds": kinds}
	if complete {
		found[Domain+"objects"] = objects
	}
	return found
}

// Tests are the hooks that run when a release is tested.
func Tests(rel *release.Release) []*release.Hook {
	var tests []*release.Hook
	for _, hook := range rel.Hooks {
		if hook != nil && slices.Contains(hook.Events, release.HookTest) {
			tests = append(tests, hook)
		}
	}
	return tests
}

func few(names []string) string {
	if surplus := len(names) - mostNamed; surplus > 0 {
		names = append(slices.Clone(names[:mostNamed]), fmt.Sprintf("+%d", surplus))
	}
	return strings.Join(names, ",")
}

// claimant is what of an object can ask for a volume.
type claimant struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Templates []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"volumeClaimTemplates"`
	} `json:"spec"`
	Items []claimant `json:"items"`
}

// volumesOf names the PersistentVolumeClaims that a manifest makes, sorted.
// Those of a StatefulSet are named without their number.
func volumesOf(manifest string) []string {
	if !strings.Contains(manifest, "PersistentVolumeClaim") && !strings.Contains(manifest, "volumeClaimTemplates") {
		return nil
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader([]byte(manifest))))
	names := map[string]bool{}
	for {
		document, err := documents.Read()
		if err != nil {
			return slices.Sorted(maps.Keys(names))
		}
		var object claimant
		if yaml.Unmarshal(document, &object) == nil {
			object.claims(names)
		}
	}
}

func (o claimant) claims(names map[string]bool) {
	if o.Kind == "PersistentVolumeClaim" {
		names[o.Metadata.Name] = true
	}
	if o.Kind == "StatefulSet" {
		for _, template := range o.Spec.Templates {
			names[template.Metadata.Name+"-"+o.Metadata.Name] = true
		}
	}
	for _, item := range o.Items {
		item.claims(names)
	}
}
