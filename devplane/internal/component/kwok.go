package component

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"helmward.dev/devplane/internal/identity"
	"helmward.dev/devplane/internal/kubelet"
)

// runKwok plays the kubelet of every node, until SIGTERM.
func runKwok() int {
	flags := pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	logPort := flags.Int("log-port", 0, "where the API server asks for logs")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return failed(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := kubelet.Play(ctx, *kubeconfig); err != nil {
		return failed(fmt.Errorf("starting kwok: %w", err))
	}
	if err := kubelet.ServeLogs(ctx, *kubeconfig, logs(*logPort)); err != nil {
		return failed(fmt.Errorf("serving logs: %w", err))
	}
	<-ctx.Done()
	return 0
}

func logs(port int) kubelet.Logs {
	return kubelet.Logs{
		Port: port, Cert: identity.ServerCert, Key: identity.ServerKey,
		CA: identity.CACert, ClientName: identity.KubeletClientName,
	}
}
