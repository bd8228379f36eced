package index

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"go.yaml.in/yaml/v3"
)

// readText reads an index that is given as text.
func readText(t *testing.T, text string) (*Index, error) {
	t.Helper()
	folder := t.TempDir()
	return Read(strings.NewReader(text), About{}, folder, filepath.Join(folder, "x.index"))
}

// pieces reads without the fall back to the whole document.
func pieces(text string) (map[string][]Entry, error) {
	found := map[string][]Entry{}
	in := strings.NewReader(text)
	err := readKind(newSource(in), func(name string, versions []Entry, problem string) error {
		if problem != "" {
			return errors.New(name + ": " + problem)
		}
		found[name] = sorted(versions)
		return nil
	})
	return found, err
}

// whole reads as a plain YAML library does.
func whole(t *testing.T, text string) map[string][]Entry {
	t.Helper()
	var document struct {
		Entries map[string][]Entry `yaml:"entries"`
	}
	var odd *yaml.TypeError
	if err := yaml.Unmarshal([]byte(text), &document); err != nil && !errors.As(err, &odd) {
		t.Fatalf("%s\n%s", err, text)
	}
	for name, versions := range document.Entries {
		document.Entries[name] = sorted(versions)
	}
	return document.Entries
}

func same(t *testing.T, text string, got, want map[string][]Entry) {
	t.Helper()
	shown := func(entries map[string][]Entry) string {
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			content, err := json.Marshal(entries[name])
			if err != nil {
				t.Fatal(err)
			}
			if len(entries[name]) == 0 {
				continue
			}
			lines = append(lines, name+" "+string(content))
		}
		return strings.Join(lines, "\n")
	}
	if got, want := shown(got), shown(want); got != want {
		t.Fatalf("read piece by piece:\n%s\nas a whole:\n%s\nof:\n%s", got, want, text)
	}
}

func TestPiecesAreWhatTheWholeIs(t *testing.T) {
	documents := map[string]string{
		"as helm writes it": `apiVersion: v1
entries:
  app:
  - apiVersion: v2
    annotations:
      changes: |
        - kind: added
          version: 9.9.9
        # no comment
          entries:
      one: >-
        urls:
    appVersion: "1.10"
    created: "2024-01-01T00:00:00Z"
    description: Of many words that go
      on in the next line with version 8.8.8
    digest: 0123
    keywords:
    - version
    name: app
    type: application
    urls:
    - https://example.com/app-1.10.0.tgz
    version: 1.10.0
  - version: 1.9.0
    urls: [a.tgz, "b.tgz"]
  other:
  - name: other
    version: 0.1.0+meta
    urls:
      - other.tgz
generated: "2024-01-01T00:00:00Z"
`,
		"a list indented, keys quoted": `entries:
    "app one":
        - "version": '1.0.0'
          'urls':
            - x.tgz
    'app''s': [{version: 1.0.0, urls: [y.tgz]}]
`,
		"comments and blank lines": `# first
---
# second
entries: # the charts

  # of app
  app: # is one

  # its versions
  -
    # first
    version: 1.0.0 # stable

    urls:
    # where
    - x.tgz
  -   version: 2.0.0
      urls:
      - y.tgz
# last
serverInfo: {}
`,
		"carriage returns":   "entries:\r\n  app:\r\n  - version: 1.0.0\r\n    urls:\r\n    - x.tgz\r\n",
		"a byte order mark":  "\ufeffentries:\n  app:\n  - version: 1.0.0\n    urls: [x.tgz]\n",
		"none":               "apiVersion: v1\nentries: {}\n",
		"no versions":        "entries:\n  a: []\n  b:\n  c: null\n  d: ~\n",
		"numbers and dates":  "entries:\n  app:\n  - version: 1.10\n    urls: [x]\n  - version: 2\n    urls: [1, true]\n    appVersion: 2024-01-01\n",
		"flow over lines":    "entries:\n  app: [\n    {version: 1.0.0,\n     urls: [x]},\n    {version: 1.1.0, urls: [y]}\n    ]\n",
		"flow items":         "entries:\n  app:\n  - {version: 1.0.0,\n     urls: [x]}\n  - {version: 1.1.0, urls: [y]}\n",
		"what is not a list": "entries:\n  a: words\n  b:\n    version: 1.0.0\n  c:\n  - version: 1.0.0\n    urls: x.tgz\n  - version: {a: b}\n    urls: [x]\n  - words\n  - [1]\n",
		"anchors of one":     "entries:\n  app:\n  - version: &v 1.0.0\n    appVersion: *v\n    urls: [x]\n",
		"a block of text":    "entries:\n  app:\n  - version: |-\n      1.0.0\n    urls:\n    - >-\n      x.tgz\n",
		"no end of line":     "entries:\n  app:\n  - urls: [x]\n    version: 1.0.0",
		"json":               `{"apiVersion":"v1","x":[{"a":[1,{}]}],"entries":{"app":[{"version":"1.0.0","urls":["x"],"a":{"b":1}},{"version":2,"urls":[1,null]}],"b":null,"c":{},"d":[]}}`,
	}
	for name, text := range documents {
		t.Run(name, func(t *testing.T) {
			got, err := pieces(text)
			if err != nil {
				t.Fatal(err)
			}
			same(t, text, got, whole(t, strings.TrimPrefix(text, "\ufeff")))
		})
	}
}

func TestRandomIndexesAreReadAsAWhole(t *testing.T) {
	for seed := range uint64(400) {
		made := random{rand.New(rand.NewPCG(seed, 1))}
		document := map[string]any{"apiVersion": "v1", "entries": made.charts(), "generated": made.words()}
		for _, text := range written(t, document, 2+made.IntN(3)) {
			if yaml.Unmarshal([]byte(text), &map[string]any{}) != nil {
				continue // The library cannot read all that it writes.
			}
			got, err := pieces(text)
			if err != nil {
				t.Fatalf("%s\n%s", err, text)
			}
			same(t, text, got, whole(t, text))
		}
	}
}

// written gives a document as YAML and as JSON.
func written(t *testing.T, document map[string]any, indent int) []string {
	t.Helper()
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(indent)
	if err := encoder.Encode(document); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return []string{out.String(), string(asJSON)}
}

// random makes charts with whatever could be mistaken for something else.
type random struct{ *rand.Rand }

func (r random) charts() map[string]any {
	charts := map[string]any{}
	for range r.IntN(6) {
		charts[r.pick("app", "entries", "a b", "- x", "#no", "it's", "1.0", "null", "x: y", "version", "ünï")] = r.versions()
	}
	return charts
}

func (r random) versions() []any {
	versions := []any{}
	for range r.IntN(5) {
		one := map[string]any{
			"version":      fmt.Sprintf("%d.%d.0%s", r.IntN(3), r.IntN(12), r.pick("", "", "-rc.1", "+b")),
			"urls":         []any{r.words(), "x.tgz"},
			"description":  r.words(),
			"annotations":  map[string]any{"urls": r.words(), "version": r.words(), r.words(): r.words()},
			"dependencies": []any{map[string]any{"version": "1", "urls": []any{"no"}}, map[string]any{}},
			"keywords":     []any{},
		}
		for key, value := range map[string]any{"digest": r.words(), "appVersion": r.words(), "icon": r.words()} {
			if r.IntN(2) == 0 {
				one[key] = value
			}
		}
		versions = append(versions, one)
	}
	return versions
}

func (r random) words() string {
	var text strings.Builder
	for range r.IntN(8) {
		text.WriteString(r.pick("version: 1", "- a", "urls:", "\n", "\n\n", "  ", "'", `"`, "# x", "{", "]", ": ", "|", "a", "ü",
			"long long long long long long long long long long long long words", "\t", "entries:", "\nentries:\n  app:\n"))
	}
	return text.String()
}

func (r random) pick(from ...string) string { return from[r.IntN(len(from))] }

func TestWhatIsNoIndexIsSaidSo(t *testing.T) {
	cases := map[string]struct{ text, words string }{
		"nothing":         {"", "empty document"},
		"white space":     {"\n \n", "empty document"},
		"a web page":      {"\n<!doctype html>", "web page (HTML)"},
		"junk":            {"\x00{", "not valid YAML"},
		"words":           {"Not found", "not valid YAML"},
		"another":         {"a: b\n", "no `entries`"},
		"another, JSON":   {`{"a": 1}`, "no `entries`"},
		"null":            {"entries:\na: b\n", "no `entries`"},
		"null, JSON":      {`{"entries": null}`, "no `entries`"},
		"a list":          {"entries:\n- a\n", "not valid YAML"},
		"broken JSON":     {`{"entries": {"app": [{]}`, "not valid YAML"},
		"a long name":     {"entries:\n  " + strings.Repeat("a", 600) + ":\n  - version: 1.0.0\n", "name is longer"},
		"odd and large":   {"entries: {\n" + strings.Repeat("# a\n", largestWhole/4) + "}", "unusual way"},
		"other and large": {"a: b\n" + strings.Repeat("# a\n", largestWhole/4), "no `entries`"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := readText(t, one.text)
			if err == nil || !strings.Contains(err.Error(), one.words) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnchorsAcrossChartsAreReadAsAWhole(t *testing.T) {
	x, err := readText(t, "entries:\n  a: &all\n  - version: 1.0.0\n    urls: [x]\n  b: *all\n")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := x.Choose("here", "b", ""); err != nil || found.Version != "1.0.0" {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestOneBrokenChartLeavesTheOthers(t *testing.T) {
	x, err := readText(t, "entries:\n  a:\n  - version: 1.0.0\n    urls: [x]\n"+
		"  b:\n  - version: \"1.0.0\n    urls: [y]\n  c:\n  - version: 2.0.0\n    urls: [z]\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "c"} {
		if _, err := x.Choose("here", name, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := x.Choose("here", "b", ""); err == nil || !strings.Contains(err.Error(), `lists chart "b", but`) {
		t.Errorf("got %v", err)
	}
}

func TestAChartListedTwiceIsUnusableAlone(t *testing.T) {
	entry := ":\n  - version: 1.0.0\n    urls: [x]\n"
	x, err := readText(t, "entries:\n  a"+entry+"  b"+entry+"  a"+entry)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Choose("here", "b", ""); err != nil {
		t.Error(err)
	}
	if _, err := x.Choose("here", "a", ""); err == nil || !strings.Contains(err.Error(), "more than once") {
		t.Errorf("got %v", err)
	}
}

func TestAnEnormousLineThatDoesNotMatterIsSkipped(t *testing.T) {
	x, err := readText(t, "entries:\n  a:\n  - icon: "+strings.Repeat("a", 2*longestLine)+"\n    version: 1.0.0\n    urls: [x]\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Choose("here", "a", ""); err != nil {
		t.Error(err)
	}
}

func TestABrokenOffIndexIsNone(t *testing.T) {
	for _, text := range []string{"entries:\n  a:\n  - version: 1.0.0\n", `{"entries": {"a": [`} {
		cut := io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF))
		if _, err := Read(cut, About{}, "", ""); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	}
}

func TestALargeIndexIsReadInBatches(t *testing.T) {
	var text strings.Builder
	text.WriteString("entries:\n  a:\n")
	for i := range 5000 {
		fmt.Fprintf(&text, "  - version: 1.0.%d\n    urls:\n    - a-%d.tgz\n", i, i)
	}
	x, err := readText(t, text.String())
	if err != nil {
		t.Fatal(err)
	}
	if found, err := x.Choose("here", "a", ""); err != nil || found.Version != "1.0.4999" {
		t.Errorf("got %v, %v", found, err)
	}
}

func FuzzPieces(f *testing.F) {
	f.Add("entries:\n  a:\n  - version: 1.0.0\n    urls: [x]\n")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = Read(strings.NewReader(text), About{}, "", "")
	})
}
