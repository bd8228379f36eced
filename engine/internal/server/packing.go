package server

import (
	"context"
	"time"

	"helmward.dev/engine/internal/charts"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/fetch"
)

// PackChart keeps a chart that lies in a folder.
func (s *Server) PackChart(ctx context.Context, request *pb.PackChartRequest) (*pb.PullChartReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.PullChartReply{}
	reply.Failure = answer(s, of, "pack", func() error {
		found, err := s.engine.Charts.Pack(of.Context(), packing(request))
		if err == nil {
			tell(reply, found)
		}
		return err
	})
	return reply, nil
}

func packing(request *pb.PackChartRequest) charts.Packing {
	made := charts.Packing{
		Key: request.GetKey(), Folder: request.GetFolder(), Path: request.GetPath(),
		SkipDependencies: request.GetSkipDependencies(),
		Allowed:          request.GetEgress().GetAllowed(),
		Oldest:           time.Duration(request.GetMaxIndexAgeMs()) * time.Millisecond,
	}
	for _, one := range request.GetRepositories() {
		made.Repositories = append(made.Repositories, charts.Repository{
			Name: one.GetName(), URL: one.GetUrl(), Access: fetch.AccessOf(one.GetAccess()),
		})
	}
	return made
}

// ReadChartFile reads a file of a chart that is in the store.
func (s *Server) ReadChartFile(
	ctx context.Context, request *pb.ReadChartFileRequest,
) (*pb.ReadChartFileReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.ReadChartFileReply{}
	reply.Failure = answer(s, of, "chart-file", func() error {
		content, found, err := s.engine.Charts.File(request.GetChartDigest(), request.GetPath())
		reply.Found, reply.Content = found, content
		return err
	})
	return reply, nil
}

// tell says which chart was found.
func tell(reply *pb.PullChartReply, found *charts.Found) {
	metadata := found.Chart.Metadata
	reply.Chart = &pb.Chart{
		Digest: found.Digest, Name: metadata.Name,
		Version: metadata.Version, AppVersion: metadata.AppVersion, SignedBy: found.SignedBy,
	}
	reply.KnownForMs = found.Age.Milliseconds()
	if found.Stale != nil {
		reply.Stale, reply.StaleReason = true, found.Stale.Error()
	}
}
