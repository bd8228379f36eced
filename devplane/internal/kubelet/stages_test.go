package kubelet

import (
	"testing"

	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/utils/lifecycle"
)

// A stage with a typing error would be noticed only by pods that never run.
func TestEveryStageCanBeRead(t *testing.T) {
	all, err := readStages()
	if err != nil {
		t.Fatal(err)
	}
	expected := map[string]int{
		"Node": 2, "Pod": 9, "PersistentVolumeClaim": 1, "PersistentVolume": 1,
	}
	for kind, count := range expected {
		found := all[internalversion.StageResourceRef{APIGroup: "v1", Kind: kind}]
		if len(found) != count {
			t.Errorf("%d stages for %s, expected %d", len(found), kind, count)
		}
		if _, err := lifecycle.NewLifecycle(found); err != nil {
			t.Errorf("stages for %s: %v", kind, err)
		}
	}
	if len(all) != len(expected) {
		t.Errorf("stages for %d kinds, expected %d", len(all), len(expected))
	}
}
