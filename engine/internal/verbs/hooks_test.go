package verbs

import (
	"fmt"
	"testing"

	release "helm.sh/helm/v4/pkg/release/v1"
)

func TestHooksRunByWeightThenByName(t *testing.T) {
	post := []release.HookEvent{release.HookPostInstall, release.HookPostUpgrade}
	keep := []release.HookDeletePolicy{release.HookFailed}
	rel := &release.Release{Hooks: []*release.Hook{
		{Name: "c", Events: post}, {Name: "b", Weight: 1, Events: post}, {Name: "a", Weight: 1, Events: post},
		{Name: "first", Weight: -5, Events: post, DeletePolicies: keep},
		{Name: "other", Events: []release.HookEvent{release.HookPreInstall}},
	}}
	var names []string
	for _, hook := range hooksOf(rel, release.HookPostUpgrade) {
		names = append(names, fmt.Sprintf("%s %v", hook.Name, hook.DeletePolicies))
	}
	want := "[first [hook-failed] c [before-hook-creation] a [before-hook-creation] b [before-hook-creation]]"
	if fmt.Sprint(names) != want {
		t.Errorf("got %v", names)
	}
}
