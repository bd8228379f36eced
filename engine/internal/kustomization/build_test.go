package kustomization

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// configMap is an object of one line.
func configMap(name string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {a: b}}\n", name)
}

func secret(name, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData: {password: %s}\n", name, value)
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.0
          envFrom: [{configMapRef: {name: settings}}]
`

type files map[string]string

func (f files) build(folder string) ([]Built, error) {
	given := map[string][]byte{}
	for name, content := range f {
		given[name] = []byte(content)
	}
	return Build(given, folder)
}

// names are the objects as Kind/name, and where each was written.
func names(t *testing.T, built []Built) string {
	t.Helper()
	var all []string
	for _, one := range built {
		object := objectOf(t, one)
		all = append(all, fmt.Sprintf("%s/%s %s", object["kind"], object["metadata"].(map[string]any)["name"], one.File))
	}
	return strings.Join(all, ", ")
}

func objectOf(t *testing.T, built Built) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := json.Unmarshal(built.JSON, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestAnOverlayIsBuiltOverItsBase(t *testing.T) {
	built, err := files{
		"apps/base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n",
		"apps/base/web.yaml":           deployment,
		"apps/prod/kustomization.yml":  "resources: [../base, ns.yaml]\nnamespace: prod\nimages: [{name: nginx, newTag: '2.0'}]\npatches: [{path: more.yaml}]\n",
		"apps/prod/ns.yaml":            "{apiVersion: v1, kind: Namespace, metadata: {name: prod}}",
		"apps/prod/more.yaml":          "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3}}",
		"not/read.yaml":                "a: [",
	}.build("apps/prod")
	if err != nil {
		t.Fatal(err)
	}
	want := "Namespace/prod apps/prod/ns.yaml, ConfigMap/settings-4h2mbtbbt6 apps/base/kustomization.yaml, Deployment/web apps/base/web.yaml"
	if got := names(t, built); got != want {
		t.Errorf("%s", got)
	}
	text := string(built[2].JSON)
	for _, part := range []string{`"replicas":3`, `"nginx:2.0"`, `"namespace":"prod"`, `"name":"settings-4h2mbtbbt6"`} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
	for _, one := range built {
		if strings.Contains(string(one.JSON), "annotations") {
			t.Errorf("%s", one.JSON)
		}
	}
}

func TestOldFormsAreBuilt(t *testing.T) {
	built, err := files{
		"base/Kustomization": "resources: [web.yaml, c.yaml]\n",
		"base/web.yaml":      deployment,
		"base/c.yaml":        configMap("settings"),
		"kustomization.yaml": `bases: [./base]
commonLabels: {team: a}
imageTags: [{name: nginx, newTag: "3"}]
namePrefix: my-
patchesStrategicMerge:
  - patch.yaml
  - |-
    {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {inline: "$(WEB)"}}
patchesJson6902:
  - target: {group: apps, version: v1, kind: Deployment, name: web}
    path: json.yaml
vars:
  - name: WEB
    objref: {apiVersion: apps/v1, kind: Deployment, name: web}
configurations: [refs.yaml]
`,
		"patch.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {patched: 'yes'}}",
		"json.yaml":  "- {op: replace, path: /spec/replicas, value: 7}",
		"refs.yaml":  "varReference: [{path: data, kind: ConfigMap}]",
	}.build("")
	if err != nil {
		t.Fatal(err)
	}
	all := string(built[0].JSON) + string(built[1].JSON)
	for _, part := range []string{
		`"name":"my-web"`, `"name":"my-settings"`, `"nginx:3"`, `"replicas":7`, `"patched":"yes"`, `"inline":"my-web"`, `"team":"a"`,
	} {
		if !strings.Contains(all, part) {
			t.Errorf("%s is not in %s", part, all)
		}
	}
}

func TestComponentsReplacementsAndGeneratedSecrets(t *testing.T) {
	built, err := files{
		"app/kustomization.yaml": `resources: [web.yaml]
components: [../parts/big]
replacements: [{path: from.yaml}]
secretGenerator:
  - {name: login, envs: [login.env], files: [cert=../parts/cert.pem], options: {disableNameSuffixHash: true}}
buildMetadata: [originAnnotations]
`,
		"app/web.yaml":  deployment,
		"app/login.env": "USER=ada\n",
		"app/from.yaml": `source: {kind: Secret, name: login, fieldPath: metadata.name}
targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.0.envFrom.0.configMapRef.name]}]
`,
		"parts/cert.pem":               "PEM",
		"parts/big/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 9}]\n",
	}.build("app")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, built); got != "Secret/login app/kustomization.yaml, Deployment/web app/web.yaml" {
		t.Errorf("%s", got)
	}
	data := objectOf(t, built[0])["data"].(map[string]any)
	if data["USER"] != "YWRh" || data["cert"] != "UEVN" {
		t.Errorf("%v", data)
	}
	for _, part := range []string{`"replicas":9`, `"name":"login"`, `config.kubernetes.io/origin`} {
		if !strings.Contains(string(built[1].JSON), part) {
			t.Errorf("%s is not in %s", part, built[1].JSON)
		}
	}
}

func TestWhatIsWrongIsNamedWithFileAndLine(t *testing.T) {
	for name, row := range map[string]struct {
		files files
		words string
	}{
		"no folder":          {files{"a/x.yaml": ""}, "app: there is no such folder"},
		"no kustomization":   {files{"app/x.yaml": ""}, "app: there is no kustomization.yaml in the folder"},
		"two of them":        {files{"app/kustomization.yaml": "", "app/kustomization.yml": ""}, "app/kustomization.yml: there is also kustomization.yaml"},
		"empty":              {files{"app/kustomization.yaml": ""}, "app/kustomization.yaml: kustomization.yaml is empty"},
		"an unknown field":   {files{"app/kustomization.yaml": "namespace: a\nresurces: []\n"}, `app/kustomization.yaml:2: is no kustomization: unknown field "resurces"`},
		"broken":             {files{"app/kustomization.yaml": "resources:\n- a\n- b: [\n"}, "app/kustomization.yaml:3: is no YAML"},
		"a broken object":    {files{"app/kustomization.yaml": "resources: [x.yaml]", "app/x.yaml": "a: b\nc: d: e\n"}, "app/x.yaml:2: is no YAML: mapping values"},
		"no file":            {files{"app/kustomization.yaml": "\nresources:\n- x.yaml\n"}, `app/kustomization.yaml:3: resources[0]: "x.yaml" is not there`},
		"no patch":           {files{"app/kustomization.yaml": "\npatches:\n- path: x.yaml\n"}, `app/kustomization.yaml:3: patches[0].path: "x.yaml" is not there`},
		"no data":            {files{"app/kustomization.yaml": "configMapGenerator:\n- name: a\n  files:\n  - k=x.txt\n"}, `app/kustomization.yaml:4: configMapGenerator[0].files[0]: "k=x.txt" is not there`},
		"no variables":       {files{"app/kustomization.yaml": "secretGenerator:\n- name: a\n  env: x.env\n"}, `secretGenerator[0].envs[0]: "x.env" is not there`},
		"out of it":          {files{"app/kustomization.yaml": "resources: [../../etc]"}, `resources[0]: "../../etc" leads out of the repository`},
		"absolute":           {files{"app/kustomization.yaml": "resources: [/etc/passwd]"}, `resources[0]: "/etc/passwd" is an absolute path`},
		"a folder for data":  {files{"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [d]}]", "app/d/x": ""}, `"d" is a folder; a file is wanted`},
		"a file for a part":  {files{"app/kustomization.yaml": "components: [d]", "app/d": ""}, `"d" is a file; a folder`},
		"itself":             {files{"app/kustomization.yaml": "resources: [../app]"}, "app/kustomization.yaml:1: resources[0]: \"../app\" is a cycle"},
		"a cycle":            {files{"app/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../app]"}, "cycle"},
		"the same twice":     {files{"app/kustomization.yaml": "resources: [a.yaml, b.yaml]", "app/a.yaml": configMap("a"), "app/b.yaml": configMap("a")}, "app/b.yaml: may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]"},
		"no name":            {files{"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": "{apiVersion: v1, kind: ConfigMap}"}, "app/a.yaml: missing metadata.name"},
		"nothing to patch":   {files{"app/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: b.yaml}]", "app/a.yaml": configMap("a"), "app/b.yaml": configMap("b")}, "no resource matches strategic merge patch \"ConfigMap.v1.[noGrp]/b.[noNs]\""},
		"below":              {files{"app/kustomization.yaml": "resources: [b]", "app/b/kustomization.yaml": "resources: [c]", "app/b/c/kustomization.yaml": "resources: [x.yaml]", "app/b/c/x.yaml": "{apiVersion: v1, kind: A}"}, "app/b/c/x.yaml: missing metadata.name"},
		"beside":             {files{"app/kustomization.yaml": "resources: [../b/c]", "b/c/kustomization.yaml": "resources: [../../d]", "d/kustomization.yaml": "resources: [x.yaml]", "d/x.yaml": "{apiVersion: v1, kind: A}"}, "d/x.yaml: missing metadata.name"},
		"in a component":     {files{"app/kustomization.yaml": "components: [../c]", "c/kustomization.yaml": "kind: Component\nresources: [x.yaml]", "c/x.yaml": "{apiVersion: v1, kind: A}"}, "c/x.yaml: missing metadata.name"},
		"a broken inline":    {files{"app/kustomization.yaml": "patches:\n- patch: |-\n    a: b\n    c: d: e\n"}, "app/kustomization.yaml:4: is no YAML"},
		"no literal":         {files{"app/kustomization.yaml": "configMapGenerator:\n- name: a\n  literals:\n  - k=v\n  - v\n"}, "app/kustomization.yaml:5: configMapGenerator[0].literals[1]: is not written as key=value"},
		"a name that climbs": {files{"app/kustomization.yaml": "", "../x": ""}, "../x: is no path from the root of the repository"},
	} {
		_, err := row.files.build("app")
		if !failure.Is(err, pb.Failure_INVALID) || !strings.Contains(err.Error(), row.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	_, err := files{
		"kustomization.yaml": "resources: [a.yaml, b.yaml, https://x.example/c.yaml]", "b.yaml": "a: [",
	}.build("")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Error(err)
	}
	many := files{"kustomization.yaml": "resources: [" + strings.Repeat("a.yaml, ", 30) + "]"}
	if _, err := many.build("."); err == nil || !strings.HasSuffix(err.Error(), "and 10 more") {
		t.Error(err)
	}
}

func TestWhatIsSecretIsNotTold(t *testing.T) {
	encoded := "UExBTlRFRC1wYXNz" // PLANTED-pass
	for name, given := range map[string]files{
		"a literal":        {"kustomization.yaml": "secretGenerator: [{name: a, literals: [PLANTED-pass]}]"},
		"twice":            {"kustomization.yaml": "secretGenerator: [{name: a, literals: [k=PLANTED-pass]}, {name: a, literals: [k=PLANTED-pass]}]"},
		"variables":        {"kustomization.yaml": "secretGenerator: [{name: a, envs: [x]}]", "x": "a=PLANTED-pass\na=PLANTED-pass\n"},
		"a key too many":   {"kustomization.yaml": "secretGenerator: [{name: a, envs: [x], literals: ['b=PLANTED-pass', 'b=PLANTED-pass']}]", "x": "c=PLANTED-pass\n"},
		"a json patch":     {"kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml, target: {kind: Secret}}]", "x.yaml": secret("a", "other"), "p.yaml": "[{op: add, path: /a, value: PLANTED-pass}]"},
		"no name":          {"kustomization.yaml": "resources: [x.yaml]", "x.yaml": "{apiVersion: v1, kind: Secret, stringData: {a: PLANTED-pass}}"},
		"encoded":          {"kustomization.yaml": "resources: [x.yaml]", "x.yaml": "{apiVersion: v1, kind: Secret, data: {a: " + encoded + "}}"},
		"the same twice":   {"kustomization.yaml": "resources: [x.yaml, y.yaml]", "x.yaml": secret("a", "PLANTED-pass"), "y.yaml": secret("a", "PLANTED-pass")},
		"a patch":          {"kustomization.yaml": "patches: [{path: x.yaml}]", "x.yaml": secret("a", "PLANTED-pass")},
		"an inline patch":  {"kustomization.yaml": "resources: [x.yaml]\npatches:\n- target: {kind: Secret}\n  patch: |-\n    - {op: test, path: /stringData/password, value: PLANTED-pass}\n", "x.yaml": secret("a", "other")},
		"a broken literal": {"kustomization.yaml": "secretGenerator: [{name: a, literals: ['PLANTED-pass\nPLANTED-two']}]"},
		"an address":       {"kustomization.yaml": "resources: ['https://ada:PLANTED-pass@git.example.com/a?token=PLANTED']"},
		"a mixed list":     {"kustomization.yaml": "secretGenerator: [{name: a, literals: {PLANTED-pass: b}}]"},
	} {
		_, err := given.build("")
		if err == nil || strings.Contains(err.Error(), "PLANTED") || strings.Contains(err.Error(), encoded) {
			t.Errorf("%s: %v", name, err)
		}
		if os.Getenv("SHOW") != "" {
			t.Logf("%s: %v", name, err)
		}
	}
}
