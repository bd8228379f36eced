package plane

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

// Options are what "devplane up" is asked for.
type Options struct {
	Dir           string
	Port          int
	Nodes         int
	UnsafeNoFsync bool
	DieWithParent bool
	AuditLog      string
	Deadline      time.Duration
}

const help = `Run a Kubernetes control plane in the foreground.

One line of JSON on standard output says that it is ready, the rest of the words
go to standard error and into DIR/logs. SIGTERM and SIGINT stop it. A run on a
folder of an earlier one goes on with its data. SIGUSR1 stops the API server
alone, SIGUSR2 starts it again on the same port; all others stay up.

Flags:
`

// ParseOptions reads the flags; for --help it prints them and returns pflag.ErrHelp.
func ParseOptions(args []string) (Options, error) {
	var options Options
	flags := pflag.NewFlagSet("devplane up", pflag.ContinueOnError)
	flags.StringVar(&options.Dir, "dir", "", "folder for data, logs and kubeconfig (required)")
	flags.IntVar(&options.Port, "port", 0, "port of the API server; 0: the folder's earlier one, or any that is free")
	flags.IntVar(&options.Nodes, "nodes", 2, "how many nodes to pretend")
	flags.BoolVar(&options.UnsafeNoFsync, "unsafe-no-fsync", false, "faster; a power cut may lose data, a crash does not")
	flags.BoolVar(&options.DieWithParent, "die-with-parent", false, "stop when the process that started this one dies")
	flags.StringVar(&options.AuditLog, "audit-log", "", "file to which the API server writes a line of JSON per request of a client")
	flags.DurationVar(&options.Deadline, "deadline", 2*time.Minute, "give up when not ready by then")
	flags.Usage = func() { fmt.Print(help + flags.FlagUsages()) }
	if err := flags.Parse(args); err != nil {
		return options, err
	}
	return options, options.validate(flags.Args())
}

func (o Options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("what is %q? there are flags only", rest[0])
	case o.Dir == "":
		return errors.New("--dir is missing: the folder for data, logs and kubeconfig")
	case o.Port < 0 || o.Port > 65535:
		return fmt.Errorf("--port %d is no port", o.Port)
	case o.Nodes < 1:
		return errors.New("--nodes must be at least 1")
	}
	return nil
}
