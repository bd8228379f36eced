package component

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/utils/client"
)

// Two kubelets' worth of behaviour, told as stages. kwok's own command is not
// used: it would also read the user's ~/.kwok and serve a port.
//
//go:embed stages/*.yaml
var stageFiles embed.FS

// runKwok plays the kubelet of every node, until SIGTERM.
func runKwok() int {
	flags := pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return failed(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := playKubelets(ctx, *kubeconfig); err != nil {
		return failed(fmt.Errorf("starting kwok: %w", err))
	}
	<-ctx.Done()
	return 0
}

func playKubelets(ctx context.Context, kubeconfig string) error {
	config, err := kwokConfig(kubeconfig)
	if err != nil {
		return err
	}
	controller, err := controllers.NewController(config)
	if err != nil {
		return err
	}
	return controller.Start(ctx)
}

func kwokConfig(kubeconfig string) (controllers.Config, error) {
	config := controllers.Config{
		// A constant, so that after a restart the node leases are still ours.
		ID:                            "devplane",
		Clock:                         clock.RealClock{},
		ManageAllNodes:                true,
		CIDR:                          "10.244.0.0/16",
		PodPlayStageParallelism:       8,
		NodePlayStageParallelism:      2,
		PodsOnNodeSyncParallelism:     1,
		EnablePodsOnNodeSyncListPager: true,
		NodeLeaseDurationSeconds:      40,
		NodeLeaseParallelism:          2,
	}
	stages, err := readStages()
	if err != nil {
		return config, err
	}
	config.LocalStages = stages
	return config, connect(&config, kubeconfig)
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

type stagesByResource map[internalversion.StageResourceRef][]*internalversion.Stage

func readStages() (stagesByResource, error) {
	files, err := stageFiles.ReadDir("stages")
	if err != nil {
		return nil, err
	}
	stages := stagesByResource{}
	for _, file := range files {
		text, err := stageFiles.ReadFile("stages/" + file.Name())
		if err != nil {
			return nil, err
		}
		stage, err := kwokconfig.UnmarshalWithType[*internalversion.Stage](text)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", file.Name(), err)
		}
		stages[stage.Spec.ResourceRef] = append(stages[stage.Spec.ResourceRef], stage)
	}
	return stages, nil
}
