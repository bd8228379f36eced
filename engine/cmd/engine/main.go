// Command engine runs Helm's verbs for the operator, which talks to it over a
// Unix socket of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/klog/v2"

	"helmward.dev/engine/internal/charts"
	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/fetch"
	"helmward.dev/engine/internal/kustomization"
	"helmward.dev/engine/internal/objects"
	"helmward.dev/engine/internal/server"
	"helmward.dev/engine/internal/verbs"
)

const (
	largestMessage = 64 << 20
	grace          = 15 * time.Second
	// flush is how long the last answers may take to leave.
	flush = 200 * time.Millisecond
)

type settings struct {
	socket, kubeconfig, context, instance, level string

	parent  int
	sources charts.Options
}

func main() {
	var set settings
	flag.StringVar(&set.socket, "socket", "", "Unix socket to listen on (required)")
	flag.StringVar(&set.kubeconfig, "kubeconfig", "", "kubeconfig file; without it the cluster we run in")
	flag.StringVar(&set.context, "context", "", "context of the kubeconfig")
	flag.StringVar(&set.sources.Folder, "cache-dir", "", "folder that keeps charts, indexes and documents over a restart")
	flag.Int64Var(&set.sources.Size, "cache-size", charts.DefaultSize, "bytes that the folder may take")
	flag.Int64Var(&set.sources.LargestIndex, "largest-index", charts.DefaultLargestIndex, "bytes of a repository's index")
	flag.Int64Var(&set.sources.LargestChart, "largest-chart", charts.DefaultLargestChart, "bytes of a chart's archive")
	flag.StringVar(&set.sources.Plugins, "plugins", "", "folder of Helm plugins of which the downloaders are used")
	flag.BoolVar(&set.sources.RefuseLocal, "refuse-local", false, "refuse addresses of this very machine")
	flag.StringVar(&set.instance, "instance", "", "name of this process in what it writes")
	flag.StringVar(&set.level, "log-level", "info", "debug, info, warn or error")
	flag.IntVar(&set.parent, "die-with-parent", 0, "process id of the parent to stop with; 0 outlives it")
	flag.Parse()
	if flag.Arg(0) == "version" {
		fmt.Println(cluster.HelmVersion())
		return
	}
	if flag.Arg(0) == fetch.PluginCommand {
		os.Exit(fetch.PluginMain(os.Stdin, os.Stdout, os.Stderr))
	}
	if flag.Arg(0) == kustomization.Command {
		os.Exit(kustomization.Main(os.Stdin, os.Stdout))
	}
	log := newLog(set.level)
	if err := run(set, log); err != nil {
		log.Error("cannot run", "error", err.Error())
		os.Exit(1)
	}
}

func newLog(name string) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	// What libraries say may quote what it must not: only their errors pass,
	// without their attributes.
	libraries := slog.New(quiet{log.Handler()})
	slog.SetDefault(libraries)
	klog.SetLogger(logr.FromSlogHandler(libraries.Handler()))
	return log
}

// quiet lets only the words of a library's errors through.
type quiet struct{ to slog.Handler }

func (q quiet) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (q quiet) Handle(ctx context.Context, record slog.Record) error {
	return q.to.Handle(ctx, slog.NewRecord(record.Time, record.Level, "library: "+record.Message, record.PC))
}

func (q quiet) WithAttrs([]slog.Attr) slog.Handler { return q }
func (q quiet) WithGroup(string) slog.Handler      { return q }

func run(set settings, log *slog.Logger) error {
	if set.socket == "" {
		return errors.New("--socket is required")
	}
	if err := dieWith(set.parent); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if set.instance == "" {
		set.instance = fmt.Sprintf("engine-%d-%d", os.Getpid(), time.Now().UnixMilli())
	}
	if err := profile(ctx, os.Getenv(pprofVariable), log); err != nil {
		return err
	}
	kube.ManagedFieldsManager = objects.FieldManager
	engine := verbs.New(set.instance, set.sources, cluster.New(set.kubeconfig, set.context))
	if set.parent != 0 {
		engine.Orphaned = func() bool { return hasEnded(set.parent) }
	}
	return serve(ctx, set, server.New(engine, log), log)
}

func serve(ctx context.Context, set settings, calls *server.Server, log *slog.Logger) error {
	listener, err := listen(set.socket)
	if err != nil {
		return err
	}
	serving := grpc.NewServer(
		grpc.MaxRecvMsgSize(largestMessage), grpc.MaxSendMsgSize(largestMessage),
	)
	alive := health.NewServer()
	healthpb.RegisterHealthServer(serving, alive)
	pb.RegisterEngineServer(serving, calls)
	log.Info("listening", "instance", set.instance)
	go func() {
		<-ctx.Done()
		log.Info("stopping")
		alive.Shutdown()
		calls.Stop(grace)
		time.AfterFunc(flush, serving.Stop)
		serving.GracefulStop()
	}()
	return serving.Serve(listener)
}

// listen makes a socket that only this user can reach.
func listen(path string) (net.Listener, error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the socket's folder: %w", err)
	}
	info, err := os.Stat(folder)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("folder %s is open to others (%s): it must be 0700", folder, info.Mode().Perm())
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the former socket: %w", err)
	}
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	return net.Listen("unix", path)
}

// dieWith has the kernel tell us when the parent ends. A parent that ended
// before that is seen by its id.
func dieWith(parent int) error {
	if parent == 0 {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0); err != nil {
		return fmt.Errorf("ask to stop with the parent: %w", err)
	}
	if os.Getppid() != parent {
		return errors.New("the parent has ended already")
	}
	return nil
}

// settles is how long the kernel may take, after it has closed a process's
// sockets, to call the process ended.
const settles = 300 * time.Millisecond

// hasEnded says whether the parent has ended or is just ending.
func hasEnded(parent int) bool {
	for until := time.Now().Add(settles); os.Getppid() == parent; time.Sleep(settles / 30) {
		if time.Now().After(until) {
			return false
		}
	}
	return true
}

// The wish to stop with the parent belongs to a thread; the main one lasts.
func init() { runtime.LockOSThread() }
