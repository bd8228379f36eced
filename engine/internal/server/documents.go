package server

import (
	"context"
	"time"

	"helmward.dev/engine/internal/documents"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/fetch"
)

// FetchDocument fetches a document of the web, or serves the one it has.
func (s *Server) FetchDocument(ctx context.Context, request *pb.FetchDocumentRequest) (*pb.FetchDocumentReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.FetchDocumentReply{}
	reply.Failure = answer(s, of, "fetch", func() error {
		found, err := s.engine.Charts.Documents().Get(of.Context(), documents.Wanted{
			Address: request.GetUrl(),
			Access:  fetch.AccessOf(request.GetAccess()),
			Allowed: request.GetEgress().GetAllowed(),
			Oldest:  time.Duration(request.GetMaxAgeMs()) * time.Millisecond,
			Limit:   request.GetMaxBytes(),
		})
		if err != nil {
			return err
		}
		reply.Content = found.Content
		if found.Stale != nil {
			reply.Stale, reply.StaleReason = true, found.Stale.Error()
		}
		return nil
	})
	return reply, nil
}
