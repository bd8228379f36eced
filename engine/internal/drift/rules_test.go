package drift

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	pb "helmward.dev/engine/internal/enginepb"
)

const workload = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web-1","namespace":"prod",
	"labels":{"tier":"front"},"annotations":{"by":"hand"}}}`

func TestARuleIsAboutTheObjectsThatItsTargetFits(t *testing.T) {
	for name, row := range map[string]struct {
		rule *pb.IgnoreRule
		fits bool
	}{
		"all":                    {&pb.IgnoreRule{}, true},
		"a kind":                 {&pb.IgnoreRule{Kind: "Deployment"}, true},
		"another kind":           {&pb.IgnoreRule{Kind: "StatefulSet"}, false},
		"a part of a name":       {&pb.IgnoreRule{Name: "web"}, false},
		"a pattern":              {&pb.IgnoreRule{Name: "web-[0-9]+"}, true},
		"one of two as a whole":  {&pb.IgnoreRule{Name: "x|web-1"}, true},
		"a group":                {&pb.IgnoreRule{Group: "apps", Version: "v1"}, true},
		"another version":        {&pb.IgnoreRule{Group: "apps", Version: "v1beta1"}, false},
		"a namespace":            {&pb.IgnoreRule{Namespace: "prod"}, true},
		"another namespace":      {&pb.IgnoreRule{Namespace: "test"}, false},
		"a label":                {&pb.IgnoreRule{LabelSelector: "tier in (front, back)"}, true},
		"without a label":        {&pb.IgnoreRule{LabelSelector: "!tier"}, false},
		"an annotation":          {&pb.IgnoreRule{AnnotationSelector: "by=hand"}, true},
		"another annotation":     {&pb.IgnoreRule{AnnotationSelector: "by=machine"}, false},
		"one part that does not": {&pb.IgnoreRule{Kind: "Deployment", Name: "x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			row.rule.Paths = []string{"/spec"}
			rules, err := Compile([]*pb.IgnoreRule{row.rule})
			if err != nil {
				t.Fatal(err)
			}
			if fits := len(rules.For(object(t, workload))) > 0; fits != row.fits {
				t.Errorf("fits: %v", fits)
			}
		})
	}
}

func TestARuleThatCannotBeReadIsNamedAsItIsSpelt(t *testing.T) {
	for field, rule := range map[string]*pb.IgnoreRule{
		"target.kind: ":               {Kind: "("},
		"target.name: ":               {Name: "(?=x)"},
		"target.labelSelector: ":      {LabelSelector: "a in b"},
		"target.annotationSelector: ": {AnnotationSelector: "=="},
	} {
		_, err := Compile([]*pb.IgnoreRule{{}, rule})
		if err == nil || !strings.HasPrefix(err.Error(), "spec.driftDetection.ignore[1]."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestFieldsThatMayDifferCoverAChange(t *testing.T) {
	changed := func(path string, desired, live any) Change {
		return Change{Path: Tokens(path), Desired: desired, Live: live}
	}
	list := func(items ...any) any { return items }
	for name, row := range map[string]struct {
		paths  []string
		change Change
		covers bool
	}{
		"the very field":      {[]string{"/spec/replicas"}, changed("/spec/replicas", 1, 2), true},
		"all around it":       {[]string{"/spec"}, changed("/spec/replicas", 1, 2), true},
		"the whole object":    {[]string{""}, changed("/spec/replicas", 1, 2), true},
		"a longer name":       {[]string{"/spec/rep"}, changed("/spec/replicas", 1, 2), false},
		"another":             {[]string{"/spec/x", "/data"}, changed("/spec/replicas", 1, 2), false},
		"none":                {nil, changed("/spec/replicas", 1, 2), false},
		"an escaped name":     {[]string{"/data/a~1b"}, changed("/data/a~1b", 1, 2), true},
		"the part that is it": {[]string{"/l/1"}, changed("/l", list(1.0, 2.0), list(1.0, 3.0)), true},
		"the part beside it":  {[]string{"/l/0"}, changed("/l", list(1.0, 2.0), list(1.0, 3.0)), false},
		"the deep part": {
			[]string{"/l/0/x"},
			changed("/l", list(map[string]any{"x": 1.0, "y": 1.0}), list(map[string]any{"x": 2.0, "y": 1.0})), true,
		},
		"the deep part and more": {
			[]string{"/l/0/x"},
			changed("/l", list(map[string]any{"x": 1.0, "y": 1.0}), list(map[string]any{"x": 2.0, "y": 2.0})), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := Compile([]*pb.IgnoreRule{{Paths: row.paths}})
			if err != nil {
				t.Fatal(err)
			}
			if covers := rules.For(object(t, workload)).Covers(row.change); covers != row.covers {
				t.Errorf("covers: %v", covers)
			}
		})
	}
	if !(Ignored{nil}).All() || (Ignored{{"spec"}}).All() {
		t.Error("an empty pointer is the whole object, and no other is")
	}
}

func TestNothingThatMayBeSecretIsShown(t *testing.T) {
	secret := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret"}}
	plain := object(t, workload)
	env := []string{"f:env", `k:{"name":"DB_PASSWORD"}`, "f:value"}
	for name, row := range map[string]struct {
		of    *unstructured.Unstructured
		path  string
		at    []string
		value any
		shown string
	}{
		"a number":                       {plain, "/spec/replicas", []string{"f:replicas"}, 3.0, "3"},
		"a text":                         {plain, "/x", []string{"f:x"}, "a<b", `"a<b"`},
		"nothing":                        {plain, "/x", []string{"f:x"}, nil, ""},
		"a long text":                    {plain, "/x", []string{"f:x"}, strings.Repeat("ä", 63), `"(63 characters)"`},
		"one that just fits":             {plain, "/x", []string{"f:x"}, strings.Repeat("ä", 62), `"` + strings.Repeat("ä", 62) + `"`},
		"a long list":                    {plain, "/x", []string{"f:x"}, make([]any, 20), `"(20 items)"`},
		"a key of a Secret":              {secret, "/data/a", []string{"f:data", "f:a"}, "YQ==", mask},
		"the type of a Secret":           {secret, "/type", []string{"f:type"}, "Opaque", mask},
		"an annotation of a Secret":      {secret, "/metadata/annotations/a", []string{"f:a"}, "1", mask},
		"a label of a Secret":            {secret, "/metadata/labels/a", []string{"f:a"}, "1", `"1"`},
		"a variable called so":           {plain, "/env/0/value", env, "x", mask},
		"its name":                       {plain, "/env/0/name", []string{"f:env", "k:{}", "f:name"}, "COLOUR", `"COLOUR"`},
		"a key called so":                {plain, "/data/api-key", []string{"f:api-key"}, "x", mask},
		"a text that tells of one":       {plain, "/x", []string{"f:x"}, "password=x", mask},
		"an address with a password":     {plain, "/x", []string{"f:x"}, "postgres://u:p@db/x", mask},
		"an image of a registry":         {plain, "/x", []string{"f:image"}, "ghcr.io/a/b@sha256:1", `"ghcr.io/a/b@sha256:1"`},
		"a small thing that has one":     {plain, "/x", []string{"f:x"}, map[string]any{"token": "x"}, mask},
		"a thing that is called like it": {plain, "/x", []string{"f:keyboard"}, "x", `"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			if shown := Shown(row.of, Change{Path: Tokens(row.path), at: row.at}, row.value); shown != row.shown {
				t.Errorf("shown as %s", shown)
			}
		})
	}
}
