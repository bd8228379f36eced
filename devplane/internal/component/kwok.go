package component

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"helmward.dev/devplane/internal/kubelet"
)

// runKwok plays the kubelet of every node, until SIGTERM.
func runKwok() int {
	flags := pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return failed(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := kubelet.Play(ctx, *kubeconfig); err != nil {
		return failed(fmt.Errorf("starting kwok: %w", err))
	}
	<-ctx.Done()
	return 0
}
