package server

import (
	"context"
	"time"

	"helmward.dev/engine/internal/call"
	"helmward.dev/engine/internal/charts"
	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/fetch"
	"helmward.dev/engine/internal/history"
)

// PullChart finds a chart and keeps it.
func (s *Server) PullChart(ctx context.Context, request *pb.PullChartRequest) (*pb.PullChartReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.PullChartReply{}
	reply.Failure = answer(s, of, "pull", func() error {
		found, err := s.engine.Charts.Pull(of.Context(), wanted(request))
		if err != nil {
			return err
		}
		if err := charts.Installable(found.Chart); err != nil {
			return err
		}
		tell(reply, found)
		return nil
	})
	return reply, nil
}

func wanted(request *pb.PullChartRequest) charts.Wanted {
	return charts.Wanted{
		Repository: request.GetRepository(), Name: request.GetName(), Version: request.GetVersion(),
		Oldest:  time.Duration(request.GetMaxIndexAgeMs()) * time.Millisecond,
		Access:  fetch.AccessOf(request.GetAccess()),
		Allowed: request.GetEgress().GetAllowed(),
		Verify: charts.Verify{
			Provider: request.GetVerification().GetProvider(), Keys: request.GetVerification().GetKeys(),
		},
	}
}

// Unlock turns a pending revision into a failed one.
func (s *Server) Unlock(ctx context.Context, request *pb.UnlockRequest) (*pb.UnlockReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.UnlockReply{}
	reply.Failure = answer(s, of, "unlock", func() error {
		secrets, err := s.engine.History(of, request.GetRelease())
		if err != nil {
			return err
		}
		record, err := secrets.Unlock(of.Context(), history.BaseOf(request.GetBase()), request.GetDescription())
		if err == nil {
			reply.Revision = record.Message()
		}
		return err
	})
	return reply, nil
}

// Get reads one revision.
func (s *Server) Get(ctx context.Context, request *pb.GetRequest) (*pb.GetReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.GetReply{}
	reply.Failure = answer(s, of, "get", func() error {
		record, err := s.find(of, request)
		if err != nil || record == nil {
			return err
		}
		reply.Revision, err = record.Whole(request.GetWithManifest(), request.GetWithValues())
		return err
	})
	return reply, nil
}

func (s *Server) find(of *call.Call, request *pb.GetRequest) (*history.Record, error) {
	secrets, err := s.engine.History(of, request.GetRelease())
	if err != nil {
		return nil, err
	}
	if revision := int(request.GetRevision()); revision > 0 {
		return secrets.Read(of.Context(), revision)
	}
	stamps, err := secrets.Stamps(of.Context())
	newest, _ := history.Newest(stamps)
	if err != nil || newest == nil {
		return nil, err
	}
	return secrets.Load(of.Context(), newest.Base())
}

// History reads the revisions, newest first.
func (s *Server) History(ctx context.Context, request *pb.HistoryRequest) (*pb.HistoryReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.HistoryReply{}
	reply.Failure = answer(s, of, "history", func() error {
		secrets, err := s.engine.History(of, request.GetRelease())
		if err != nil {
			return err
		}
		records, err := secrets.All(of.Context())
		for number, record := range records {
			if most := int(request.GetMax()); most > 0 && number >= most {
				break
			}
			reply.Revisions = append(reply.Revisions, record.Message())
		}
		return err
	})
	return reply, nil
}

// Template renders a chart.
func (s *Server) Template(ctx context.Context, request *pb.TemplateRequest) (*pb.TemplateReply, error) {
	of, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	reply := &pb.TemplateReply{}
	f := answer(s, of, "template", func() error {
		rendered, err := s.engine.Template(of, request)
		if err == nil {
			reply = rendered
		}
		return err
	})
	reply.Failure = f
	return reply, nil
}

// Invalidate forgets what is cached.
func (s *Server) Invalidate(ctx context.Context, request *pb.InvalidateRequest) (*pb.InvalidateReply, error) {
	_, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	if request.GetDiscovery() {
		s.engine.Cluster.Forget()
	}
	if request.GetIndexes() {
		s.engine.Charts.ForgetIndexes()
	}
	if request.GetReleases() {
		s.engine.Releases.Forget()
		s.engine.Versions.Forget()
	}
	return &pb.InvalidateReply{}, nil
}

// Stats tells what the process costs and has done.
func (s *Server) Stats(ctx context.Context, request *pb.StatsRequest) (*pb.StatsReply, error) {
	_, end, err := s.begin(ctx, request.GetCall())
	if err != nil {
		return nil, err
	}
	defer end()
	usage := measure()
	return &pb.StatsReply{
		HelmVersion:       cluster.HelmVersion(),
		KubernetesVersion: s.engine.Cluster.Version(),
		Instance:          s.engine.Instance,
		RssBytes:          usage.rss,
		CpuMs:             usage.cpu.Milliseconds(),
		ApiRequests:       s.engine.Cluster.Requests.Load(),
		IndexRequests:     s.engine.Charts.IndexRequests.Load(),
		ChartDownloads:    s.engine.Charts.Downloads.Load(),
		ChartsCached:      int32(s.engine.Charts.Kept()),
		ReleasesCached:    int32(s.engine.Releases.Len()),
		Goroutines:        int32(usage.goroutines),
	}, nil
}
