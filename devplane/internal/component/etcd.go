package component

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd serves a single etcd member on a Unix socket, until SIGTERM.
func runEtcd() int {
	config, err := etcdConfig(os.Args[1:])
	if err != nil {
		return failed(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	server, err := embed.StartEtcd(config)
	if err != nil {
		return failed(fmt.Errorf("starting etcd: %w", err))
	}
	defer server.Close()
	select {
	case <-ctx.Done():
		return 0
	case err := <-server.Err():
		return failed(fmt.Errorf("serving etcd: %w", err))
	}
}

func etcdConfig(args []string) (*embed.Config, error) {
	config := embed.NewConfig()
	flags := pflag.NewFlagSet("etcd", pflag.ContinueOnError)
	flags.StringVar(&config.Dir, "data-dir", "etcd", "where the data is kept")
	socket := flags.String("socket", "etcd.sock", "Unix socket to serve on")
	flags.BoolVar(&config.UnsafeNoFsync, "unsafe-no-fsync", false, "lose data in a power cut")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	// Sockets and not ports: nothing to collide with, and the folder's mode
	// keeps others out. A relative name, for a socket's path must be short.
	// What it advertises stays at the defaults; there is nobody to believe it.
	config.ListenClientUrls = unixURL(*socket)
	config.ListenPeerUrls = unixURL(*socket + ".peer")
	config.Name = "devplane"
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// The only member need not wait long for rivals before it elects itself.
	config.TickMs, config.ElectionMs = 50, 250
	config.LogLevel = "warn"
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	return config, nil
}

func unixURL(socket string) []url.URL {
	return []url.URL{{Scheme: "unix", Host: socket}}
}
