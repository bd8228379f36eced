package server

import (
	"sync"

	"google.golang.org/grpc"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/verbs"
)

type events = grpc.ServerStreamingServer[pb.ActionEvent]

// Install writes the first revision, or the next over one that never deployed.
func (s *Server) Install(request *pb.ActionRequest, stream events) error {
	return s.act(request, stream, "install", (*verbs.Action).Install)
}

// Upgrade writes the next revision.
func (s *Server) Upgrade(request *pb.ActionRequest, stream events) error {
	return s.act(request, stream, "upgrade", (*verbs.Action).Upgrade)
}

// Rollback writes the next revision with the content of an earlier one.
func (s *Server) Rollback(request *pb.ActionRequest, stream events) error {
	return s.act(request, stream, "rollback", (*verbs.Action).Rollback)
}

// Test runs the test hooks of a deployed revision.
func (s *Server) Test(request *pb.ActionRequest, stream events) error {
	return s.act(request, stream, "test", (*verbs.Action).Test)
}

// Uninstall deletes the release's objects and its history.
func (s *Server) Uninstall(request *pb.ActionRequest, stream events) error {
	return s.act(request, stream, "uninstall", (*verbs.Action).Uninstall)
}

func (s *Server) act(request *pb.ActionRequest, stream events, what string, verb func(*verbs.Action) error) error {
	of, end, err := s.begin(stream.Context(), request.GetCall())
	if err != nil {
		return err
	}
	defer end()
	sender := &sender{stream: stream}
	done := &pb.Done{}
	done.Failure = answer(s, of, what, func() error {
		action, err := s.engine.Begin(of, request, sender.phase)
		if err != nil {
			return err
		}
		defer func() { done.Revision = action.Revision() }()
		if waiting[what] {
			defer action.Listen()()
		}
		return verb(action)
	})
	if what == "uninstall" && done.Failure == nil {
		done.Revision = nil
	}
	done.Stats = statsOf(of)
	return sender.send(&pb.ActionEvent{Event: &pb.ActionEvent_Done{Done: done}})
}

func statsOf(of *call.Call) *pb.ActionStats {
	return &pb.ActionStats{ApiRequests: of.Requests(), DurationMs: of.Duration().Milliseconds()}
}

// sender lets several goroutines speak on one stream.
type sender struct {
	mu     sync.Mutex
	stream events
}

func (s *sender) send(event *pb.ActionEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.Send(event)
}

// phase is told while anybody listens; work goes on when nobody does.
func (s *sender) phase(name, detail string) {
	_ = s.send(&pb.ActionEvent{Event: &pb.ActionEvent_Phase{
		Phase: &pb.Phase{Name: name, Detail: failure.Shorten(detail)},
	}})
}
