package kustomization

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const elsewhere = "https://example.com/x.yaml"

// Every field that may hold an address.
func TestNothingRemoteIsFetched(t *testing.T) {
	for name, kustomization := range map[string]string{
		"a file":                "resources: [" + elsewhere + "]",
		"in other letters":      "Resources: [HTTPS://example.com/x.yaml]",
		"a repository":          "resources: ['github.com/a/b//c?ref=v1']",
		"by its scheme":         "resources: ['ssh://git@example.com/a/b.git']",
		"by ssh's short form":   "resources: ['git@example.com:a/b.git']",
		"without a user":        "resources: ['example.com:a/b']",
		"by git::":              "resources: ['git::https://example.com/a']",
		"of this machine":       "resources: ['file:///etc']",
		"an old base":           "bases: ['github.com/a/b']",
		"a component":           "components: ['https://github.com/a/b']",
		"crds":                  "crds: [" + elsewhere + "]",
		"configurations":        "configurations: [" + elsewhere + "]",
		"generators":            "generators: [" + elsewhere + "]",
		"transformers":          "transformers: ['github.com/a/b']",
		"validators":            "validators: [" + elsewhere + "]",
		"a schema":              "openapi: {path: " + elsewhere + "}",
		"a patch":               "patches: [{path: " + elsewhere + "}]",
		"an old patch":          "patchesStrategicMerge: [" + elsewhere + "]",
		"an old json patch":     "patchesJson6902: [{path: " + elsewhere + ", target: {kind: A}}]",
		"a replacement":         "replacements: [{path: " + elsewhere + "}]",
		"data":                  "configMapGenerator: [{name: a, files: [" + elsewhere + "]}]",
		"data by key":           "configMapGenerator: [{name: a, files: ['k=" + elsewhere + "']}]",
		"secret data":           "secretGenerator: [{name: a, files: [" + elsewhere + "]}]",
		"variables":             "configMapGenerator: [{name: a, envs: [" + elsewhere + "]}]",
		"old variables":         "secretGenerator: [{name: a, env: " + elsewhere + "}]",
		"by an anchor":          "namespace: &a " + elsewhere + "\nresources: [*a]",
		"by a plugin":           "generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: a}\n  files: [" + elsewhere + "]\n",
		"by a plugin of a line": "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, path: " + elsewhere + "}']",
		"by a plugin's file":    "generators: [plugin.yaml]",
		"by a plugin's folder":  "generators: [plugins]",
		"below":                 "resources: [base]",
	} {
		_, err := files{
			"kustomization.yaml":         kustomization,
			"base/kustomization.yaml":    "resources: [" + elsewhere + "]",
			"plugin.yaml":                "{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, envs: [" + elsewhere + "]}",
			"plugins/kustomization.yaml": "resources: [../plugin.yaml]",
		}.build("")
		if !failure.Is(err, pb.Failure_INVALID) || !strings.Contains(err.Error(), "is not fetched: put it into the repository") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoProgramIsRun(t *testing.T) {
	for name, row := range map[string]struct{ kustomization, words string }{
		"a chart":        {"helmCharts: [{name: app, repo: 'https://example.com'}]", "kustomization.yaml:1: helmCharts[0] (app): charts are not rendered"},
		"its settings":   {"helmGlobals: {chartHome: a}", "charts are not rendered"},
		"an old chart":   {"helmChartInflationGenerator: [{chartName: app}]", "charts are not rendered"},
		"its plugin":     {"generators: [helm.yaml]", "helm.yaml:2: charts are not rendered"},
		"inline":         {"generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n", "kustomization.yaml:3: charts are not rendered"},
		"another plugin": {"transformers: [exec.yaml]", "exec.yaml:1: Exec is no plugin of kustomize's own"},
		"a validator":    {"validators: [exec.yaml]", "exec.yaml:1: Exec is no plugin of kustomize's own"},
	} {
		_, err := files{
			"kustomization.yaml": row.kustomization,
			"helm.yaml":          "\napiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\n",
			"exec.yaml":          "apiVersion: example.com/v1\nkind: Exec\nmetadata: {name: a, annotations: {config.kubernetes.io/function: 'exec: {path: /bin/true}'}}\n",
		}.build("")
		if !failure.Is(err, pb.Failure_INVALID) || !strings.Contains(err.Error(), row.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// isolated is how this test's binary is called to be the building process.
const isolated = "HELMWARD_TEST_ISOLATED"

// Should the walk miss an address, the library meets a process that cannot reach
// it: no request arrives, and no program called git or helm is run.
func TestTheBuildingProcessReachesNothing(t *testing.T) {
	if address := os.Getenv(isolated); address != "" {
		isolate()
		for _, kustomization := range []string{
			"resources: ['" + address + "/x.yaml']", "resources: ['" + address + "/a/b.git?ref=v1']",
			"resources: ['github.com/a/b']", "generators: [helm.yaml]", "transformers: [exec.yaml]",
		} {
			_, err := run(map[string][]byte{
				"kustomization.yaml": []byte(kustomization),
				"helm.yaml":          []byte("{apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {name: a}, name: a, repo: " + address + "}"),
				"exec.yaml":          []byte("{apiVersion: a.b/v1, kind: A, metadata: {name: a, annotations: {config.kubernetes.io/function: 'exec: {path: git}'}}}"),
			}, ".")
			if err == nil {
				t.Errorf("%s was built", kustomization)
			}
		}
		return
	}
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	folder := t.TempDir()
	ran := filepath.Join(folder, "ran")
	for _, program := range []string{"git", "helm"} {
		if err := os.WriteFile(filepath.Join(folder, program), []byte("#!/bin/sh\necho $0 >> "+ran+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	command.Env = []string{"PATH=" + folder + ":/bin:/usr/bin", isolated + "=" + server.URL, "HOME=" + folder}
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
	if _, err := os.Stat(ran); err == nil || asked.Load() != 0 {
		t.Errorf("a program was run (%v), or %d requests were made", err, asked.Load())
	}
}
