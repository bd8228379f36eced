package plane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"helmward.dev/devplane/internal/identity"
	"helmward.dev/devplane/internal/parent"
)

// Up runs a plane until SIGTERM or SIGINT, or until one of its parts dies. Once
// all is ready it writes one line of JSON.
func Up(ctx context.Context, options Options, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt, syscall.SIGHUP)
	defer stop()
	ctx, orphaned := context.WithCancel(ctx)
	defer orphaned()
	if options.DieWithParent {
		if err := parent.Watch(orphaned); err != nil {
			return err
		}
	}
	begun := time.Now()
	plane, err := newPlane(options)
	if err != nil {
		return err
	}
	defer plane.stop()
	return plane.run(ctx, func(version string) error {
		return announce(out, plane, version, time.Since(begun))
	})
}

// run owns the plane: everything that happens to it happens here, in turn.
func (p *plane) run(ctx context.Context, ready func(version string) error) error {
	if err := p.startStorage(); err != nil {
		return err
	}
	if err := p.startAPIServer(); err != nil {
		return err
	}
	settling, cancel := context.WithTimeout(ctx, p.options.Deadline)
	defer cancel()
	version, err := p.bringUp(settling)
	if err != nil {
		return quietIfAsked(ctx, err)
	}
	if err := ready(version); err != nil {
		return err
	}
	return p.serve(ctx)
}

// bringUp takes the plane from two started processes to ready.
func (p *plane) bringUp(ctx context.Context) (string, error) {
	if err := p.unlessDead(ctx, func(ctx context.Context) error {
		return apiServerReady(ctx, p.client)
	}); err != nil {
		return "", err
	}
	if err := p.startCallers(); err != nil {
		return "", err
	}
	version, err := p.client.Discovery().ServerVersion()
	if err != nil {
		return "", err
	}
	return version.GitVersion, p.unlessDead(ctx, func(ctx context.Context) error {
		return settle(ctx, p.client, p.options.Nodes, version.GitVersion)
	})
}

// serve obeys signals until the end.
func (p *plane) serve(ctx context.Context) error {
	commands := make(chan os.Signal, 8)
	signal.Notify(commands, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(commands)
	for {
		select {
		case <-ctx.Done():
			return nil
		case dead := <-p.deaths:
			if !dead.wanted {
				return dead.obituary()
			}
		case command := <-commands:
			if err := p.obey(ctx, command); err != nil {
				return quietIfAsked(ctx, err)
			}
		}
	}
}

func (p *plane) obey(ctx context.Context, command os.Signal) error {
	if command == syscall.SIGUSR1 {
		p.stopAPIServer()
		return nil
	}
	if err := p.startAPIServer(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.options.Deadline)
	defer cancel()
	err := p.unlessDead(ctx, func(ctx context.Context) error {
		return apiServerReady(ctx, p.client)
	})
	p.wakeCallers()
	return err
}

// unlessDead does the work, but gives it up when a part of the plane dies.
func (p *plane) unlessDead(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	finished := make(chan error, 1)
	go func() { finished <- work(ctx) }()
	for {
		select {
		case err := <-finished:
			return err
		case dead := <-p.deaths:
			if !dead.wanted {
				return dead.obituary()
			}
		}
	}
}

// quietIfAsked forgets an error that is only the echo of being told to stop.
func quietIfAsked(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return err
}

func announce(out io.Writer, p *plane, version string, took time.Duration) error {
	line := struct {
		Ready      bool    `json:"ready"`
		Kubeconfig string  `json:"kubeconfig"`
		Server     string  `json:"server"`
		Version    string  `json:"version"`
		Seconds    float64 `json:"seconds"`
	}{true, p.home.join(identity.Kubeconfig), p.server(), version, float64(took.Milliseconds()) / 1000}
	if err := json.NewEncoder(out).Encode(line); err != nil {
		return fmt.Errorf("saying that it is ready: %w", err)
	}
	return nil
}
