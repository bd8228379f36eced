package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func TestWithoutTheVariableNoProfileIsServed(t *testing.T) {
	if err := profile(t.Context(), "", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

func TestProfilesAreServedAtASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p", "pprof.sock")
	if err := profile(t.Context(), path, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	answer, err := client.Get("http://engine/debug/pprof/heap?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("got %s", answer.Status)
	}
}

func TestAnAddressThatOthersReachIsRefused(t *testing.T) {
	for _, address := range []string{":6060", "0.0.0.0:6060", "192.0.2.1:6060", "example.com:6060", "6060"} {
		err := profile(t.Context(), address, slog.New(slog.DiscardHandler))
		if err == nil || !strings.HasPrefix(err.Error(), pprofVariable+"="+address) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}
