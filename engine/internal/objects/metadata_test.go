package objects

import (
	"strings"
	"testing"
)

func TestMetadataIsText(t *testing.T) {
	for metadata, wanted := range map[string]string{
		`{name: c, labels: {a: b, c: "", d: null}, annotations: {}}`: "",
		`{name: c, labels: null, namespace: null}`:                   "",
		`{name: n}`:                             "metadata.name is false and no string: quote it",
		`{name: 1}`:                             "metadata.name is 1 and no string: quote it",
		`{name: c, namespace: 1.5}`:             "metadata.namespace is 1.5",
		`{generateName: {a: b}}`:                "metadata.generateName is no string",
		`{name: c, labels: {a: b, c: true}}`:    "metadata.labels.c is true",
		`{name: c, labels: [a]}`:                "metadata.labels is no map",
		`{name: c, annotations: {a: 1}}`:        "metadata.annotations.a is 1",
		`{name: c, annotations: {a: [b, c]}}`:   "metadata.annotations.a is no string",
		`{name: c, annotations: {a: {b: "c"}}}`: "metadata.annotations.a is no string",
	} {
		objects, err := decode([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: " + metadata))
		if err != nil {
			t.Fatal(err)
		}
		err = checkMetadata(objects[0])
		if (err == nil) != (wanted == "") || err != nil && !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v, not %q", metadata, err, wanted)
		}
	}
}
