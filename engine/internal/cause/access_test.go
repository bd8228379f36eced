package cause_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"helmward.dev/engine/internal/call"
	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
)

// accessTo is the API server as an action of the engine sees it.
func accessTo(t *testing.T, kubeconfig string) (context.Context, *cluster.Access) {
	t.Helper()
	of, err := call.Begin(context.Background(), &pb.Call{
		Identity:       &pb.Identity{Subject: &pb.Identity_Operator{Operator: true}},
		DeadlineUnixMs: time.Now().Add(time.Minute).UnixMilli(),
	}, &atomic.Int64{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(of.End)
	access, err := cluster.New(kubeconfig, "").Access(of, "default")
	if err != nil {
		t.Fatal(err)
	}
	return of.Context(), access
}

func kubeconfigOf(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: %s}}]
contexts: [{name: test, context: {cluster: test}}]
current-context: test
`, server)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
