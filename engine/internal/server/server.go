// Package server is the gRPC side: it checks what every call must say, runs
// the verb and answers. No decision is made here.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/verbs"
)

// Server answers the calls of one operator.
type Server struct {
	pb.UnimplementedEngineServer

	engine *verbs.Engine
	log    *slog.Logger

	mu       sync.Mutex
	stopping bool
	running  map[*call.Call]struct{}
	idle     sync.WaitGroup
}

// New makes the server of an engine.
func New(engine *verbs.Engine, log *slog.Logger) *Server {
	return &Server{engine: engine, log: log, running: map[*call.Call]struct{}{}}
}

// begin admits a call; the function returned ends it.
func (s *Server) begin(ctx context.Context, request *pb.Call) (*call.Call, func(), error) {
	of, err := call.Begin(ctx, request, &s.engine.Cluster.Requests)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		of.End()
		return nil, nil, status.Error(codes.Unavailable, "the engine is being stopped")
	}
	s.running[of] = struct{}{}
	s.idle.Add(1)
	return of, func() {
		of.End()
		s.mu.Lock()
		delete(s.running, of)
		s.mu.Unlock()
		s.idle.Done()
	}, nil
}

// Stop cancels all calls, so that their revisions are recorded as failed, and
// waits until they are, but not for ever.
func (s *Server) Stop(grace time.Duration) {
	s.mu.Lock()
	s.stopping = true
	for of := range s.running {
		of.Cancel(failure.ErrShutdown)
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.idle.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(grace):
	}
}

// answer runs the body of a unary call; a panic becomes an INTERNAL failure.
func answer(s *Server, of *call.Call, what string, body func() error) (f *pb.Failure) {
	defer func() {
		if problem := recover(); problem != nil {
			f = s.panicked(of, what, problem)
		}
		s.report(of, what, f)
	}()
	return failure.Message(of.Context(), body(), pb.Failure_INTERNAL)
}

func (s *Server) panicked(of *call.Call, what string, problem any) *pb.Failure {
	s.log.Error("panic", "call", of.ID, "verb", what, "stack", string(debug.Stack()))
	return &pb.Failure{Kind: pb.Failure_INTERNAL, Message: fmt.Sprintf("internal error: %v", problem)}
}

// report logs how a call ended: names and kinds, never values. A message may
// quote what a chart or a user wrote, so only its kind is logged.
func (s *Server) report(of *call.Call, what string, f *pb.Failure) {
	level := slog.LevelDebug
	outcome := "ok"
	if f != nil {
		level, outcome = slog.LevelInfo, f.Kind.String()
	}
	s.log.Log(context.Background(), level, "call", "id", of.ID, "verb", what, "outcome", outcome,
		"requests", of.Requests(), "ms", of.Duration().Milliseconds())
}
