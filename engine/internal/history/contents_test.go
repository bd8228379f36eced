package history

import (
	"maps"
	"testing"

	release "helm.sh/helm/v4/pkg/release/v1"
)

const pvc = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: "

func TestAClaimTellsOfVolumesAndTests(t *testing.T) {
	for name, row := range map[string]struct {
		manifest string
		hooks    []*release.Hook
		told     map[string]string
	}{
		"nothing": {manifest: "kind: ConfigMap\n", told: map[string]string{}},
		"a word only": {
			manifest: "kind: ConfigMap\ndata: {a: PersistentVolumeClaim}\n", told: map[string]string{},
		},
		"sorted, each once": {
			manifest: pvc + "b\n---\n" + pvc + "a\n---\n" + pvc + "b\n",
			told:     map[string]string{"helmward.dev/volumes": "a,b"},
		},
		"of a list": {
			manifest: "kind: List\nitems:\n- {kind: PersistentVolumeClaim, metadata: {name: a}}\n",
			told:     map[string]string{"helmward.dev/volumes": "a"},
		},
		"of a StatefulSet": {
			manifest: "kind: StatefulSet\nmetadata: {name: db}\n" +
				"spec: {volumeClaimTemplates: [{metadata: {name: disk}}, {metadata: {name: log}}]}\n",
			told: map[string]string{"helmward.dev/volumes": "disk-db,log-db"},
		},
		"many": {
			manifest: pvc + "a\n---\n" + pvc + "b\n---\n" + pvc + "c\n---\n" + pvc + "d\n---\n" +
				pvc + "e\n---\n" + pvc + "f\n---\n" + pvc + "g\n",
			told: map[string]string{"helmward.dev/volumes": "a,b,c,d,e,+2"},
		},
		"a document that is none": {
			manifest: "{{\n---\n" + pvc + "a\n", told: map[string]string{"helmward.dev/volumes": "a"},
		},
		"tests": {
			hooks: []*release.Hook{
				nil,
				{Events: []release.HookEvent{release.HookTest, release.HookPostInstall}},
				{Events: []release.HookEvent{release.HookPostInstall}},
			},
			told: map[string]string{"helmward.dev/tests": "1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := contents(&release.Release{Manifest: row.manifest, Hooks: row.hooks}); !maps.Equal(got, row.told) {
				t.Errorf("told %v, not %v", got, row.told)
			}
		})
	}
}
