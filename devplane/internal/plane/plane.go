// Package plane runs the components of a control plane as child processes:
// which flags they get, in what order they start, when all is ready, and that
// none outlives the plane.
package plane

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"

	"helmward.dev/devplane/internal/identity"
)

const apiServer = "kube-apiserver"

// plane is one running control plane. Only the goroutine of run may touch it.
type plane struct {
	options Options
	home    *folder
	port    *reservation
	logPort *reservation // where kwok serves the logs of pods
	client  kubernetes.Interface

	etcd    *process
	api     *process
	callers []*process // of the API server: they keep nothing of their own
	deaths  chan *process
}

func newPlane(options Options) (*plane, error) {
	home, err := openFolder(options.Dir)
	if err != nil {
		return nil, err
	}
	p := &plane{options: options, home: home, deaths: make(chan *process)}
	if err := p.prepare(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *plane) prepare() (err error) {
	if p.port, err = reserve(p.options.Port, p.home.earlierPort()); err != nil {
		return err
	}
	if err = p.home.rememberPort(p.port.port); err != nil {
		return err
	}
	if p.logPort, err = reserve(0, 0); err != nil {
		return err
	}
	admin, err := identity.Ensure(p.home.path, p.server())
	if err != nil {
		return err
	}
	p.client, err = connect(p.server(), admin)
	return err
}

func (p *plane) server() string { return fmt.Sprintf("https://127.0.0.1:%d", p.port.port) }

// launch starts a component and has its unexpected end reported.
func (p *plane) launch(name string, arguments []string) (*process, error) {
	child, err := start(p.home, name, arguments)
	if err != nil {
		return nil, err
	}
	go func() {
		<-child.done
		p.deaths <- child
	}()
	return child, nil
}

func (p *plane) startStorage() (err error) {
	p.etcd, err = p.launch("etcd", etcdArguments(p.options.UnsafeNoFsync))
	return err
}

func (p *plane) startAPIServer() (err error) {
	if p.api != nil {
		return nil
	}
	audit, err := p.auditArguments()
	if err != nil {
		return err
	}
	p.api, err = p.launch(apiServer, append(apiServerArguments(p.port.port, p.logPort.port), audit...))
	return err
}

// stopAPIServer takes the API server away as a crash would, and puts its callers
// to sleep: awake they would back off further with every vain attempt, and be
// late when it is there again.
func (p *plane) stopAPIServer() {
	if p.api == nil {
		return
	}
	for _, caller := range p.callers {
		caller.signal(syscall.SIGSTOP)
	}
	p.api.kill()
	p.api = nil
}

func (p *plane) wakeCallers() {
	for _, caller := range p.callers {
		caller.signal(syscall.SIGCONT)
	}
}

func (p *plane) startCallers() error {
	callers := []struct {
		name      string
		arguments []string
	}{
		{"kube-controller-manager", controllerManagerArguments()},
		{"kube-scheduler", schedulerArguments()},
		{"kwok", kwokArguments(p.logPort.port)},
	}
	for _, caller := range callers {
		child, err := p.launch(caller.name, caller.arguments)
		if err != nil {
			return err
		}
		p.callers = append(p.callers, child)
	}
	return nil
}

// stop ends everything. Only etcd has something to put in order.
func (p *plane) stop() {
	for _, caller := range p.callers {
		caller.kill()
	}
	if p.api != nil {
		p.api.kill()
	}
	if p.etcd != nil {
		p.etcd.terminate(5 * time.Second)
	}
	p.close()
}

func (p *plane) close() {
	for _, held := range []*reservation{p.port, p.logPort} {
		if held != nil {
			held.release()
		}
	}
	p.home.close()
}

// settle waits until the plane is fit for use.
func settle(ctx context.Context, client kubernetes.Interface, nodes int, version string) error {
	if err := furnish(ctx, client, nodes, version); err != nil {
		return err
	}
	if err := accountsReady(ctx, client); err != nil {
		return err
	}
	if err := nodesReady(ctx, client); err != nil {
		return err
	}
	return podsReady(ctx, client)
}
