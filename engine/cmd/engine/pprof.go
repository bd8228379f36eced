package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"
)

// pprofVariable names the address at which Go's profiles are served; without
// it they are not. They show function names and counts, and whoever may ask for
// them can keep a processor busy: so nobody from elsewhere may.
const pprofVariable = "HELMWARD_ENGINE_PPROF"

// headers is how long a caller may take to say what it wants.
const headers = 5 * time.Second

// profile serves profiles until the context ends, where the environment asks for it.
func profile(ctx context.Context, address string, log *slog.Logger) error {
	if address == "" {
		return nil
	}
	listener, err := listenForProfiles(address)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", pprofVariable, address, err)
	}
	serving := &http.Server{Handler: profiles(), ReadHeaderTimeout: headers}
	log.Info("serving profiles", "address", listener.Addr().String())
	context.AfterFunc(ctx, func() { _ = serving.Close() })
	go func() {
		if err := serving.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("profiles are no longer served", "error", err.Error())
		}
	}()
	return nil
}

// listenForProfiles takes a path for a socket, and host:port of this machine alone.
func listenForProfiles(address string) (net.Listener, error) {
	if strings.Contains(address, "/") {
		return listen(address)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("neither host:port nor the path of a socket: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, errors.New("only an address of this machine will do, as 127.0.0.1:6060, or the path of a socket")
	}
	return net.Listen("tcp", address)
}

func profiles() http.Handler {
	served := http.NewServeMux()
	served.HandleFunc("/debug/pprof/", pprof.Index)
	served.HandleFunc("/debug/pprof/profile", pprof.Profile)
	served.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return served
}
