package objects

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestOnlyWhatTheServerKnowsIsKept(t *testing.T) {
	for name, row := range map[string]struct{ asked, answer, known string }{
		"a key":             {`{"a":1,"b":2}`, `{"a":9,"c":3}`, `{"a":1}`},
		"deep":              {`{"a":{"b":1,"x":1}}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
		"items by place":    {`[{"a":1,"x":1},{"a":2}]`, `[{"a":1},{"a":2}]`, `[{"a":1},{"a":2}]`},
		"items by name":     {`[{"name":"m","x":1}]`, `[{"name":"new"},{"name":"m"}]`, `[{"name":"m"}]`},
		"items of no place": {`[{"a":1,"x":1}]`, `[{"a":0},{"a":1}]`, `[{"a":1,"x":1}]`},
		"another type":      {`{"a":{"b":1}}`, `{"a":"1"}`, `{"a":{"b":1}}`},
		"plain items":       {`["a","b"]`, `["b"]`, `["a","b"]`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := onlyKnown(read(t, row.asked), read(t, row.answer)); !reflect.DeepEqual(got, read(t, row.known)) {
				t.Errorf("kept %v, not %s", got, row.known)
			}
		})
	}
}

func read(t *testing.T, document string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(document), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
