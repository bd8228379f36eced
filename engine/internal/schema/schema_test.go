package schema

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/loader"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func charted(name, schema string, dependencies ...*chart.Chart) *chart.Chart {
	made := &chart.Chart{Metadata: &chart.Metadata{Name: name}}
	if schema != "" {
		made.Schema = []byte(schema)
	}
	made.AddDependency(dependencies...)
	return made
}

func valued(t *testing.T, text string) map[string]any {
	t.Helper()
	values, err := loader.LoadValues(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// said are the violations as `path problem`.
func said(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var f *failure.Failure
	if !errors.As(err, &f) || f.Kind != pb.Failure_VALUES_INVALID {
		t.Fatalf("got %v", err)
	}
	var lines []string
	for _, one := range f.Violations {
		lines = append(lines, strings.TrimSpace(strings.Join(one.Path, "/")+" "+one.Problem))
	}
	return lines
}

func TestEachKeywordIsWordedWithoutTheValue(t *testing.T) {
	cases := map[string]struct{ schema, values, want string }{
		"type":                {`{"properties":{"a":{"type":"string"}}}`, "a: 4711", "a must be a string, not a number"},
		"types":               {`{"properties":{"a":{"type":["integer","null"]}}}`, "a: [4711]", "a must be null or an integer, not a list"},
		"not an integer":      {`{"properties":{"a":{"type":"integer"}}}`, "a: 47.11", "a must be an integer, not a number"},
		"required":            {`{"properties":{"a":{"required":["b"]}}}`, "a: {c: 4711}", "a/b is missing, and required"},
		"additional":          {`{"additionalProperties":false,"properties":{"a":true}}`, "b: 4711", "b is not a value that the chart knows"},
		"enum":                {`{"properties":{"a":{"enum":["x",1,null]}}}`, "a: 4711", `a must be "x", or 1, or null`},
		"const":               {`{"properties":{"a":{"const":"x"}}}`, "a: 4711", `a must be "x"`},
		"pattern":             {`{"properties":{"a":{"pattern":"^x+$"}}}`, `a: "4711"`, `a must match the pattern ^x+$`},
		"minimum":             {`{"properties":{"a":{"minimum":5000}}}`, "a: 4711", "a must be at least 5000"},
		"maximum":             {`{"properties":{"a":{"maximum":1.5}}}`, "a: 4711", "a must be at most 1.5"},
		"more":                {`{"properties":{"a":{"exclusiveMinimum":4711}}}`, "a: 4711", "a must be more than 4711"},
		"less":                {`{"properties":{"a":{"exclusiveMaximum":7}}}`, "a: 4711", "a must be less than 7"},
		"multiple":            {`{"properties":{"a":{"multipleOf":2}}}`, "a: 4711", "a must be a multiple of 2"},
		"short":               {`{"properties":{"a":{"minLength":9}}}`, `a: "4711"`, "a must have 9 characters or more"},
		"long":                {`{"properties":{"a":{"maxLength":1}}}`, `a: "4711"`, "a must have 1 characters or less"},
		"few":                 {`{"properties":{"a":{"minItems":2}}}`, `a: [4711]`, "a must have 2 entries or more"},
		"many":                {`{"properties":{"a":{"maxItems":0}}}`, `a: [4711]`, "a must have 0 entries or less"},
		"keys":                {`{"properties":{"a":{"minProperties":2}}}`, `a: {b: 4711}`, "a must have 2 keys or more"},
		"twice":               {`{"properties":{"a":{"uniqueItems":true}}}`, `a: [4711, 1, 4711]`, "a has the same entry twice: 0 and 2"},
		"in a list":           {`{"properties":{"a":{"items":{"type":"string"}}}}`, `a: [x, 4711]`, "a/1 must be a string, not a number"},
		"together":            {`{"dependentRequired":{"a":["b"]}}`, `a: 4711`, `b is missing, and required where "a" is set`},
		"names":               {`{"propertyNames":{"pattern":"^a$"}}`, `b: 4711`, "b has a name that is not allowed"},
		"never":               {`{"properties":{"a":false}}`, `a: 4711`, "a must not be set here"},
		"not":                 {`{"properties":{"a":{"not":{"type":"number"}}}}`, `a: 4711`, "a has a form that is not allowed"},
		"format":              {`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"format":"ipv4"}}}`, `a: "4711"`, "a must be a valid ipv4"},
		"one near":            {`{"properties":{"a":{"anyOf":[{"type":"null"},{"type":"object","required":["b"]}]}}}`, `a: {}`, "a/b is missing, and required"},
		"no near":             {`{"properties":{"a":{"oneOf":[{"type":"null"},{"type":"object"}]}}}`, `a: 4711`, "a must be null or a map, not a number"},
		"several near":        {`{"properties":{"a":{"anyOf":[{"minimum":9000},{"maximum":1}]}}}`, `a: 4711`, "a has none of the forms that the chart allows"},
		"two fit":             {`{"properties":{"a":{"oneOf":[{"minimum":1},{"minimum":2}]}}}`, `a: 4711`, "a fits more than one of the forms of which it must have one"},
		"all of":              {`{"allOf":[{"properties":{"a":{"type":"string"}}}]}`, `a: 4711`, "a must be a string, not a number"},
		"reference":           {`{"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":{"type":"string"}}}`, `a: 4711`, "a must be a string, not a number"},
		"definitions":         {`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/definitions/s"}},"definitions":{"s":{"type":"string"}}}`, `a: 4711`, "a must be a string, not a number"},
		"2020-12":             {`{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"prefixItems":[{"type":"string"}]}}}`, `a: [4711]`, "a/0 must be a string, not a number"},
		"own id":              {`{"$id":"https://charts.invalid/s.json","properties":{"a":{"$ref":"s.json#/$defs/s"}},"$defs":{"s":{"type":"string"}}}`, `a: 4711`, "a must be a string, not a number"},
		"dialect of one":      {`{"$schema":"https://charts.invalid/dialect","properties":{"a":{"type":"string"}}}`, `a: 4711`, "a must be a string, not a number"},
		"if and then":         {`{"if":{"properties":{"a":{"const":4711}}},"then":{"required":["b"]}}`, `a: 4711`, "b is missing, and required"},
		"unevaluated":         {`{"unevaluatedProperties":false,"properties":{"b":true}}`, `a: 4711`, "a must not be set here"},
		"nothing is refused":  {`{"properties":{"a":{"type":"number"}}}`, `a: 4711`, ""},
		"reference elsewhere": {`{"properties":{"a":{"$ref":"https://charts.invalid/x.json#/$defs/y"}}}`, `a: 4711`, ""},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			err := Check(charted("app", one.schema), valued(t, one.values))
			if got := strings.Join(said(t, err), "; "); got != one.want {
				t.Errorf("got %s", got)
			}
			if err != nil && strings.Contains(strings.ReplaceAll(err.Error(), one.want, ""), "4711") {
				t.Errorf("the value is quoted: %s", err)
			}
		})
	}
}

func TestDependenciesAreAskedByTheirNames(t *testing.T) {
	deep := charted("deep", `{"required":["zone"]}`)
	sub := charted("sub", `{"properties":{"count":{"type":"integer"}}}`, deep)
	app := charted("app", `{"required":["top"]}`, sub, charted("off", `{"required":["x"]}`))
	err := Check(app, valued(t, "sub: {count: x, deep: {}}"))
	want := "sub/count must be an integer, not a string; sub/deep/zone is missing, and required; top is missing, and required"
	if got := strings.Join(said(t, err), "; "); got != want {
		t.Errorf("got %s", got)
	}
	for _, words := range []string{"sub.count must be an integer, not a string (schema of chart sub)", "top is missing, and required"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q is missing in %s", words, err)
		}
	}
	err = Check(app, valued(t, "top: 1\nsub: none"))
	if got := said(t, err); len(got) != 1 || !strings.HasPrefix(got[0], "sub must be a map") {
		t.Errorf("got %v", got)
	}
}

func TestThePathsAreInOrderAndNotTooMany(t *testing.T) {
	var values strings.Builder
	values.WriteString("a:\n")
	for i := range 30 {
		_, _ = fmt.Fprintf(&values, "- x%d\n", i)
	}
	err := Check(charted("app", `{"properties":{"a":{"items":{"type":"number"}}}}`), valued(t, values.String()))
	got := said(t, err)
	if len(got) != 20 || !strings.HasPrefix(got[0], "a/0 ") || !strings.HasPrefix(got[10], "a/10 ") {
		t.Errorf("got %v", got)
	}
	if !strings.HasSuffix(err.Error(), "a[4] must be a number, not a string; and 25 more") {
		t.Errorf("got %s", err)
	}
}

func TestAPathIsShownAsATemplateWritesIt(t *testing.T) {
	for want, path := range map[string][]string{
		"the whole": nil, "a.b[0].c": {"a", "b", "0", "c"}, `a["x.y/z"]`: {"a", "x.y/z"}, "0": {"0"},
	} {
		if got := Shown(path); got != want {
			t.Errorf("got %s, not %s", got, want)
		}
	}
}

func TestASchemaReachesNothingOutsideOfTheChart(t *testing.T) {
	var asked int
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	for _, reference := range []string{server.URL + "/s.json", "file:///etc/passwd", "urn:a:b", server.URL + "/s.json#/a/b"} {
		text := fmt.Sprintf(`{"properties":{"a":{"$ref":%q}},"required":["b"]}`, reference)
		got := said(t, Check(charted("app", text), valued(t, "a: 1")))
		if len(got) != 1 || got[0] != "b is missing, and required" {
			t.Errorf("%s: got %v", reference, got)
		}
	}
	if asked != 0 {
		t.Errorf("%d requests", asked)
	}
}

func TestASchemaThatCannotBeUsedIsTheCharts(t *testing.T) {
	// Each part asks twice for the next: 2 to the 60 steps.
	parts := []string{`"p60":{"type":"string"}`}
	for i := range 60 {
		parts = append(parts, fmt.Sprintf(`"p%d":{"allOf":[{"$ref":"#/$defs/p%d"},{"$ref":"#/$defs/p%d"}]}`, i, i+1, i+1))
	}
	bomb := fmt.Sprintf(`{"properties":{"a":{"$ref":"#/$defs/p0"}},"$defs":{%s}}`, strings.Join(parts, ","))
	for name, one := range map[string]struct{ schema, words string }{
		"no json":    {`{`, "it is no JSON"},
		"no schema":  {`{"type": 5}`, "cannot be used"},
		"no target":  {`{"$ref":"#/$defs/none"}`, "cannot be used"},
		"no pattern": {`{"properties":{"a":{"pattern":"("}}}`, "cannot be used"},
		"endless":    {bomb, "takes too many steps"},
		"circle":     {`{"$ref":"#"}`, "cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(charted("app", one.schema), valued(t, "a: x"))
			if !failure.Is(err, pb.Failure_CHART_INVALID) || !strings.Contains(err.Error(), one.words) {
				t.Errorf("got %v", err)
			}
		})
	}
}
