package server

import (
	"context"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/verbs"
)

// waiting are the verbs whose wait a newer state ends.
var waiting = map[string]bool{"install": true, "upgrade": true, "rollback": true, "resume": true}

// Resume goes on with the wait of a revision whose writer is gone.
func (s *Server) Resume(request *pb.ActionRequest, stream events) error {
	return s.act(request, stream, "resume", (*verbs.Action).Resume)
}

// Supersede ends the wait of a release's action.
func (s *Server) Supersede(ctx context.Context, request *pb.SupersedeRequest) (*pb.SupersedeReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.SupersedeReply{}
	reply.Failure = answer(s, of, "supersede", func() error {
		reply.Running = s.engine.Running.Supersede(of, request.GetRelease(), request.GetDescription())
		return nil
	})
	return reply, nil
}

// Renew lets a session write for another while.
func (s *Server) Renew(ctx context.Context, request *pb.RenewRequest) (*pb.RenewReply, error) {
	_, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	s.engine.Sessions.Renew(request.GetSession(), time.Duration(request.GetValidMs())*time.Millisecond)
	return &pb.RenewReply{}, nil
}

// Sweep deletes what broken revisions left or made late.
func (s *Server) Sweep(ctx context.Context, request *pb.SweepRequest) (*pb.SweepReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.SweepReply{}
	reply.Failure = answer(s, of, "sweep", func() (err error) {
		reply.Deleted, err = s.engine.Sweep(of, request)
		return err
	})
	return reply, nil
}
