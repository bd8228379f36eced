package server

import (
	"context"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/judge"
)

// Drift looks whether objects are as their revision has them.
func (s *Server) Drift(ctx context.Context, request *pb.DriftRequest) (*pb.DriftReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.DriftReply{}
	f := answer(s, of, "drift", func() error {
		found, err := s.engine.Drift(of, request)
		if err == nil {
			reply = found
		}
		return err
	})
	reply.Failure, reply.Stats = f, statsOf(of)
	return reply, nil
}

// Judge tells whether an object is ready.
func (s *Server) Judge(ctx context.Context, request *pb.JudgeRequest) (*pb.JudgeReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.JudgeReply{}
	reply.Failure = answer(s, of, "judge", func() error {
		verdict, err := judge.Of(of.Context(), request.GetDependencyJson(), request.GetSelfJson(), request.GetExpression())
		reply.Ready, reply.Why = verdict.Ready, verdict.Why
		return err
	})
	return reply, nil
}
