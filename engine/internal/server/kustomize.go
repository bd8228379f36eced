package server

import (
	"context"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/kustomization"
)

// Kustomize builds a kustomization of the files that are handed over.
func (s *Server) Kustomize(ctx context.Context, request *pb.KustomizeRequest) (*pb.KustomizeReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.KustomizeReply{}
	refused := answer(s, of, "kustomize", func() error {
		built, err := kustomization.Run(of.Context(), request)
		if err != nil {
			return err
		}
		reply = built
		if reply.GetFailure() == nil {
			return nil
		}
		return failure.New(reply.GetFailure().GetKind(), "%s", reply.GetFailure().GetMessage())
	})
	reply.Failure = refused
	return reply, nil
}
