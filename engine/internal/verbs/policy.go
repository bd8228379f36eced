package verbs

import (
	"helm.sh/helm/v4/pkg/action"

	pb "helmward.dev/engine/internal/enginepb"
)

// valuesPolicy says what an upgrade does with the values of the revision
// before. With neither switch, Helm takes those when none are given.
func (a *Action) valuesPolicy(upgrade *action.Upgrade) {
	policy := a.request.GetOptions().GetValues()
	upgrade.ResetValues = policy == pb.ValuesPolicy_RESET
	upgrade.ReuseValues = policy == pb.ValuesPolicy_REUSE
	if !upgrade.ResetValues {
		a.claim.LendValues()
	}
}
