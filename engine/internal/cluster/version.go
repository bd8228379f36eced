package cluster

import (
	"runtime/debug"

	"helm.sh/helm/v4/pkg/chart/common"
)

// HelmVersion is the SDK's, as it was built in. The SDK itself knows it to the
// minor version only: its own command line is told the rest when it is built.
func HelmVersion() string {
	if info, known := debug.ReadBuildInfo(); known {
		for _, module := range info.Deps {
			if module.Path == "helm.sh/helm/v4" {
				return module.Version
			}
		}
	}
	return common.DefaultCapabilities.HelmVersion.Version
}
