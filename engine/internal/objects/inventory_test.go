package objects

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

func configMaps(count int) []*resource.Info {
	mapping := &meta.RESTMapping{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}}
	var list []*resource.Info
	for number := range count {
		list = append(list, &resource.Info{Mapping: mapping, Namespace: "ns", Name: fmt.Sprint("c", number)})
	}
	return list
}

func TestTooManyObjectsAreNotListed(t *testing.T) {
	if listed, complete := NewInventory(configMaps(mostListed)).Objects(); !complete || len(listed) != 16*mostListed {
		t.Errorf("%d characters, complete: %v", len(listed), complete)
	}
	many := NewInventory(configMaps(mostListed + 1))
	if listed, complete := many.Objects(); complete || listed != "" || many.Kinds() != "v1/ConfigMap" {
		t.Errorf("%d characters, complete: %v, kinds %s", len(listed), complete, many.Kinds())
	}
}

func TestOnlyWhatWeHaveAppliedIsOurs(t *testing.T) {
	fields := &metav1.FieldsV1{Raw: []byte(`{"f:data":{}}`)}
	apply, update := metav1.ManagedFieldsOperationApply, metav1.ManagedFieldsOperationUpdate
	for name, row := range map[string]struct {
		entry metav1.ManagedFieldsEntry
		ours  bool
	}{
		"applied":        {metav1.ManagedFieldsEntry{Manager: FieldManager, Operation: apply, FieldsV1: fields}, true},
		"updated":        {metav1.ManagedFieldsEntry{Manager: FieldManager, Operation: update, FieldsV1: fields}, false},
		"another's":      {metav1.ManagedFieldsEntry{Manager: "kubectl", Operation: apply, FieldsV1: fields}, false},
		"a subresource":  {metav1.ManagedFieldsEntry{Manager: FieldManager, Operation: apply, FieldsV1: fields, Subresource: "status"}, false},
		"without fields": {metav1.ManagedFieldsEntry{Manager: FieldManager, Operation: apply}, false},
	} {
		none := string(make([]byte, digestLength))
		if got := string(digestOfOurs([]metav1.ManagedFieldsEntry{row.entry})); (got != none) != row.ours || len(got) != digestLength {
			t.Errorf("%s: %x", name, got)
		}
	}
}

func TestObjectsKeepTheirOrderAndThoseNotNotedHaveNothingOfOurs(t *testing.T) {
	list := configMaps(2)
	inventory := NewInventory(append([]*resource.Info{{Mapping: list[0].Mapping, Namespace: "ns"}}, list...))
	inventory.Note(list[1], []metav1.ManagedFieldsEntry{{
		Manager: FieldManager, Operation: metav1.ManagedFieldsOperationApply,
		FieldsV1: &metav1.FieldsV1{Raw: []byte(`{}`)},
	}})
	listed, _ := inventory.Objects()
	if len(listed) != 32 || !strings.HasPrefix(listed[8:], "AAAAAAAA") || strings.Contains(listed[16:], "AAAAAAAA") {
		t.Errorf("listed %s", listed)
	}
}
