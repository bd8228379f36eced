// Package component runs one component of the plane in this process.
//
// It knows how to start each of them and nothing of the others; which flags
// they get, when they start and when they stop is said in package plane.
package component

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

var components = map[string]func() int{
	"etcd":                    runEtcd,
	"kube-apiserver":          runAPIServer,
	"kube-controller-manager": runControllerManager,
	"kube-scheduler":          runScheduler,
	"kwok":                    runKwok,
	"registry":                runRegistry,
}

// Run runs the named component until it ends and returns its exit code.
func Run(name string, args []string) int {
	run, known := components[name]
	if !known {
		fmt.Fprintf(os.Stderr, "devplane: no component %q, there are: %s\n", name, names())
		return 2
	}
	// The components read their own name and flags from here, people from ps.
	os.Args = append([]string{name}, args...)
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0o600)
	return run()
}

func names() string {
	var all []string
	for name := range components {
		all = append(all, name)
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
