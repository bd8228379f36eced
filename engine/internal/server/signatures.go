package server

import (
	"context"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/gitsign"
)

// VerifySignature says who has signed a commit or a tag.
func (s *Server) VerifySignature(
	ctx context.Context, request *pb.VerifySignatureRequest,
) (*pb.VerifySignatureReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.VerifySignatureReply{}
	reply.Failure = answer(s, of, "verify-signature", func() error {
		keys := gitsign.Keys{PGP: request.GetPgpKeys(), SSH: request.GetSshKeys()}
		reply.SignedBy, err = gitsign.Verify(request.GetPayload(), request.GetSignature(), keys)
		return err
	})
	return reply, nil
}

// Sign signs what the operator writes to git.
func (s *Server) Sign(ctx context.Context, request *pb.SignRequest) (*pb.SignReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.SignReply{}
	reply.Failure = answer(s, of, "sign", func() error {
		reply.Signature, err = gitsign.Sign(request.GetPayload(), request.GetPrivateKey(), request.GetKeyId())
		return err
	})
	return reply, nil
}
