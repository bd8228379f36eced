package server

import (
	"context"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/history"
)

// Compare tells whether a revision holds what is asked for.
func (s *Server) Compare(ctx context.Context, request *pb.CompareRequest) (*pb.CompareReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.CompareReply{}
	f := answer(s, of, "compare", func() error {
		compared, err := s.engine.Compare(of, request)
		if err == nil {
			reply = compared
		}
		return err
	})
	reply.Failure = f
	return reply, nil
}

// Annotate writes annotations to a revision's Secret.
func (s *Server) Annotate(ctx context.Context, request *pb.AnnotateRequest) (*pb.AnnotateReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.AnnotateReply{}
	reply.Failure = answer(s, of, "annotate", func() error {
		if err := s.engine.Admit(of, request.GetWriter()); err != nil {
			return err
		}
		secrets, err := s.engine.History(of, request.GetRelease())
		if err != nil {
			return err
		}
		annotations := history.ByWriter(request.GetAnnotations(), request.GetWriter(), s.engine.Instance)
		record, err := secrets.Annotate(of.Context(), history.BaseOf(request.GetBase()), annotations)
		if err == nil {
			reply.Revision = record.Message()
		}
		return err
	})
	return reply, nil
}
