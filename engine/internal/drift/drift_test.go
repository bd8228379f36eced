package drift

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func value(t *testing.T, document string) map[string]any {
	t.Helper()
	var read map[string]any
	if err := json.Unmarshal([]byte(document), &read); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return read
}

func object(t *testing.T, document string) *unstructured.Unstructured {
	t.Helper()
	return &unstructured.Unstructured{Object: value(t, document)}
}

// spoken reads `/path desired -> live`.
func spoken(changes []Change) string {
	var words []string
	for _, one := range changes {
		desired, _ := json.Marshal(one.Desired)
		live, _ := json.Marshal(one.Live)
		words = append(words, Pointer(one.Path)+" "+string(desired)+" -> "+string(live))
	}
	return strings.Join(words, "; ")
}

const containers = `{"f:spec":{"f:containers":{
	"k:{\"name\":\"web\"}":{".":{},"f:name":{},"f:image":{}},
	"k:{\"name\":\"db\"}":{".":{},"f:name":{},"f:image":{}}}}}`

func TestWhatDiffersIsFoundByItsPlaceInTheLiveObject(t *testing.T) {
	for name, row := range map[string]struct{ fields, live, applied, says string }{
		"nothing": {`{"f:spec":{"f:x":{}}}`, `{"spec":{"x":1}}`, `{"spec":{"x":1.0}}`, ""},
		"a value": {`{"f:spec":{"f:x":{}}}`, `{"spec":{"x":1}}`, `{"spec":{"x":2}}`, "/spec/x 2 -> 1"},
		"a type":  {`{"f:spec":{"f:x":{}}}`, `{"spec":{"x":"1"}}`, `{"spec":{"x":1}}`, `/spec/x 1 -> "1"`},
		"a field that is gone": {
			`{"f:spec":{"f:a":{"f:b":{}}}}`, `{"spec":{}}`, `{"spec":{"a":{"b":1}}}`, "/spec/a/b 1 -> null",
		},
		"a field of another": {`{"f:spec":{"f:x":{}}}`, `{"spec":{"x":1,"y":2}}`, `{"spec":{"x":1}}`, ""},
		"an empty map, which is not stored": {
			`{"f:spec":{"f:x":{}}}`, `{"spec":{}}`, `{"spec":{"x":null}}`, "",
		},
		"a name with a slash": {
			`{"f:data":{"f:a/b~c":{}}}`, `{"data":{"a/b~c":"1"}}`, `{"data":{"a/b~c":"2"}}`,
			`/data/a~1b~0c "2" -> "1"`,
		},
		"an item, wherever it is now": {
			containers,
			`{"spec":{"containers":[{"name":"new","image":"n"},{"name":"db","image":"d"},{"name":"web","image":"2"}]}}`,
			`{"spec":{"containers":[{"name":"new","image":"n"},{"name":"web","image":"1"},{"name":"db","image":"d"}]}}`,
			`/spec/containers/2/image "1" -> "2"`,
		},
		"an item that is gone": {
			containers, `{"spec":{"containers":[{"name":"web","image":"1"}]}}`,
			`{"spec":{"containers":[{"name":"web","image":"1"},{"name":"db","image":"d"}]}}`,
			`/spec/containers/1 {"image":"d","name":"db"} -> null`,
		},
		"an item with two keys": {
			`{"f:ports":{"k:{\"port\":53,\"protocol\":\"UDP\"}":{".":{},"f:name":{},"f:port":{}}}}`,
			`{"ports":[{"port":53,"protocol":"TCP","name":"t"},{"port":53,"protocol":"UDP","name":"x"}]}`,
			`{"ports":[{"port":53,"protocol":"TCP","name":"t"},{"port":53,"protocol":"UDP","name":"u"}]}`,
			`/ports/1/name "u" -> "x"`,
		},
		"an item of a set": {
			`{"f:finalizers":{".":{},"v:\"a\"":{},"v:\"b\"":{}}}`, `{"finalizers":["b"]}`, `{"finalizers":["b","a"]}`,
			`/finalizers/1 "a" -> null`,
		},
		"a list that is one value": {
			`{"f:args":{}}`, `{"args":["a"]}`, `{"args":["a","b"]}`, `/args ["a","b"] -> ["a"]`,
		},
		"a status is not ours": {`{"f:status":{"f:x":{}}}`, `{"status":{"x":1}}`, `{"status":{"x":2}}`, ""},
		"an item by its index": {
			`{"f:l":{"i:1":{}}}`, `{"l":[1,2]}`, `{"l":[1,3]}`, "/l/1 3 -> 2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := Differences(object(t, row.live), object(t, row.applied), value(t, row.fields))
			if says := spoken(Told(found)); says != row.says {
				t.Errorf("told %q, not %q", says, row.says)
			}
		})
	}
}

func TestAFieldIsInASetByItselfOrWithAllThatItIsIn(t *testing.T) {
	fields := Fields(value(t, `{"f:a":{"f:b":{},"k:{\"n\":1}":{".":{},"f:c":{}}},"f:whole":{}}`))
	for at, has := range map[string]bool{
		"f:a f:b": true, "f:a": true, "f:a f:x": false, "f:x": false, `f:a k:{"n":1} f:c`: true,
		`f:a k:{"n":1} f:d`: false, "f:whole f:anything f:below": true, "": true,
	} {
		if got := fields.Has(strings.Fields(at)); got != has {
			t.Errorf("%q: %v", at, got)
		}
	}
	if (Fields{}).Has([]string{"f:a"}) {
		t.Error("nothing has something")
	}
}

func TestFieldsOfSeveralEntriesAreOneSet(t *testing.T) {
	entries := []metav1.ManagedFieldsEntry{
		{Manager: "a", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:a":{"f:b":{}}}`)}},
		{Manager: "b", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:a":{"f:c":{}},"f:d":{}}`)}},
		{Manager: "c", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:e":{}}`)}},
		{Manager: "a"},
	}
	got := FieldsOf(entries, func(entry metav1.ManagedFieldsEntry) bool { return entry.Manager != "c" })
	if wanted := value(t, `{"f:a":{"f:b":{},"f:c":{}},"f:d":{}}`); !reflect.DeepEqual(map[string]any(got), wanted) {
		t.Errorf("got %v", got)
	}
}

func TestWhatIsKeptStaysAsItIsLive(t *testing.T) {
	for name, row := range map[string]struct {
		fields, live, applied string
		ours                  bool
		sent, left            string
	}{
		"of ours, the live value": {
			`{"f:a":{"f:b":{}}}`, `{"a":{"b":1}}`, `{"a":{"b":2}}`, true, `{"a":{"b":2}}`, `{"a":{"b":1}}`,
		},
		"of another, not named": {
			`{"f:a":{"f:b":{}}}`, `{"a":{"b":1}}`, `{"a":{"b":2}}`, false, `{"a":{"b":2,"c":3}}`, `{"a":{"c":3}}`,
		},
		"absent live, not named": {
			`{"f:a":{"f:b":{}}}`, `{"a":{}}`, `{"a":{"b":2}}`, true, `{"a":{"b":2}}`, `{"a":{}}`,
		},
		"in an item whose key has a default": {
			`{"f:p":{"k:{\"port\":1,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}}}`,
			`{"p":[{"port":1,"protocol":"TCP","name":"live"}]}`, `{"p":[{"port":1,"protocol":"TCP","name":"x"}]}`,
			true, `{"p":[{"port":1,"name":"x"}]}`, `{"p":[{"port":1,"name":"live"}]}`,
		},
		"an item that is gone": {
			containers, `{"spec":{"containers":[{"name":"web","image":"1"}]}}`,
			`{"spec":{"containers":[{"name":"db","image":"d"},{"name":"web","image":"1"}]}}`, false,
			`{"spec":{"containers":[{"name":"db","image":"d"},{"name":"web","image":"1"}]}}`,
			`{"spec":{"containers":[{"name":"web","image":"1"}]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			sent := value(t, row.sent)
			for _, one := range Differences(object(t, row.live), object(t, row.applied), value(t, row.fields)) {
				Keep(sent, one, row.ours)
			}
			if wanted := value(t, row.left); !reflect.DeepEqual(sent, wanted) {
				t.Errorf("left %v, not %v", sent, wanted)
			}
		})
	}
}

func TestAMissingItemComesBackAsAWhole(t *testing.T) {
	found := Differences(
		object(t, `{"spec":{"containers":[]}}`),
		object(t, `{"spec":{"containers":[{"name":"db","image":"d"},{"name":"web","image":"1"}]}}`),
		value(t, containers),
	)
	of := func(item, field string) Change {
		at := slices.IndexFunc(found, func(one Change) bool {
			return strings.Contains(one.at[2], item) && one.at[3] == field
		})
		return found[at]
	}
	if !of("db", "f:image").SharesItem([]Change{of("db", "f:name")}) {
		t.Error("two fields of one item do not share it")
	}
	if of("db", "f:image").SharesItem([]Change{of("web", "f:image")}) {
		t.Error("two items are taken for one")
	}
}

func TestOfSeveralOwnersTheLastIsTheAuthor(t *testing.T) {
	entry := func(manager, fields string, minute int) metav1.ManagedFieldsEntry {
		at := metav1.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)
		if minute < 0 {
			return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}
		}
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}
	}
	entries := []metav1.ManagedFieldsEntry{
		entry("timeless", `{"f:a":{"f:b":{}}}`, -1), entry("late", `{"f:a":{"f:b":{}}}`, 9),
		entry("early", `{"f:a":{"f:b":{}}}`, 1), entry("other", `{"f:a":{"f:c":{}}}`, 20), entry("us", `{"f:a":{"f:b":{}}}`, 30),
	}
	us := func(one metav1.ManagedFieldsEntry) bool { return one.Manager == "us" }
	if found := Author(entries, Change{at: []string{"f:a", "f:b"}}, us); found == nil || found.Manager != "late" {
		t.Errorf("found %v", found)
	}
	if found := Author(entries, Change{at: []string{"f:x"}}, us); found != nil {
		t.Errorf("found %v", found)
	}
}
