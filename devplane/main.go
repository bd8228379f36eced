// Command devplane runs a Kubernetes control plane for development and tests:
// etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, all
// the real ones, from this one file.
//
// "devplane up" is what people call. It starts this same binary again once for
// every component, with the component's name as the first argument, because
// each of them registers flags and metrics of its own for the whole process.
//
// "devplane registry" stands alone: a registry for charts and images, for tests.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"helmward.dev/devplane/internal/component"
	"helmward.dev/devplane/internal/plane"
)

const usage = `Run a Kubernetes control plane from one binary.

Usage:
  devplane up --dir DIR [flags]   run a plane in the foreground
  devplane registry [flags]       run a registry for charts in the foreground
  devplane COMPONENT [flags]      run one component of it: etcd, kube-apiserver,
                                  kube-controller-manager, kube-scheduler, kwok

"devplane up --help" and "devplane registry --help" list the flags.
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	name, args := os.Args[1], os.Args[2:]
	switch name {
	case "up":
		os.Exit(up(args))
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		os.Exit(component.Run(name, args))
	}
}

func up(args []string) int {
	options, err := plane.ParseOptions(args)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "devplane up: %v\n", err)
		return 2
	}
	if err := plane.Up(context.Background(), options, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "devplane up: %v\n", err)
		return 1
	}
	return 0
}
