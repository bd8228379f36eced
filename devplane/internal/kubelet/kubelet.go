// Package kubelet plays the kubelet of every node, and the provider of volumes,
// by kwok. How pods live and die is told in stages, one file each.
//
// kwok's own command is not used: it would also read the user's ~/.kwok and
// serve a port.
package kubelet

import (
	"context"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/utils/client"
)

// Play starts to play and returns; it goes on until the context ends.
func Play(ctx context.Context, kubeconfig string) error {
	config := behaviour()
	var err error
	if config.LocalStages, err = readStages(); err != nil {
		return err
	}
	if err = connect(&config, kubeconfig); err != nil {
		return err
	}
	controller, err := controllers.NewController(config)
	if err != nil {
		return err
	}
	return controller.Start(ctx)
}

func behaviour() controllers.Config {
	return controllers.Config{
		ID:                            "devplane",
		Clock:                         clock.RealClock{},
		ManageAllNodes:                true,
		CIDR:                          "10.244.0.0/16",
		PodPlayStageParallelism:       8,
		NodePlayStageParallelism:      2,
		PodsOnNodeSyncParallelism:     1,
		EnablePodsOnNodeSyncListPager: true,
		// No node leases: the heartbeats suffice, and after a restart kwok may
		// need ten seconds to find that a lease of before is its own.
		NodeLeaseDurationSeconds: 0,
	}
}

// connect fills in the many clients that kwok wants.
func connect(config *controllers.Config, kubeconfig string) error {
	set, err := client.NewClientset("", kubeconfig)
	if err != nil {
		return err
	}
	restConfig, err := set.ToRESTConfig()
	if err != nil {
		return err
	}
	if config.RESTClient, err = rest.RESTClientFor(restConfig); err != nil {
		return err
	}
	if config.TypedClient, err = kubernetes.NewForConfig(restConfig); err != nil {
		return err
	}
	if config.DynamicClient, err = set.ToDynamicClient(); err != nil {
		return err
	}
	if config.RESTMapper, err = set.ToRESTMapper(); err != nil {
		return err
	}
	config.ImpersonatingDynamicClient = set.ToImpersonatingDynamicClient()
	config.ImpersonatingTypedClient = set.ToImpersonatingTypedClient()
	return nil
}
