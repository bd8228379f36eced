package call

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

type sent struct{ methods []string }

func (s *sent) RoundTrip(request *http.Request) (*http.Response, error) {
	s.methods = append(s.methods, request.Method)
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: request}, nil
}

func begin(t *testing.T, until time.Time) *Call {
	t.Helper()
	request := &pb.Call{
		Identity:       &pb.Identity{Subject: &pb.Identity_Operator{Operator: true}},
		DeadlineUnixMs: until.UnixMilli(),
	}
	of, err := Begin(context.Background(), request, &atomic.Int64{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(of.End)
	return of
}

func send(ctx context.Context, t *testing.T, through http.RoundTripper, method string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "http://cluster", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := through.RoundTrip(request)
	if err == nil {
		_ = response.Body.Close()
	}
	return err
}

func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	of, base := begin(t, time.Now().Add(time.Minute)), &sent{}
	through := of.Bind(base)
	if err := send(context.Background(), t, through, http.MethodPatch); err != nil {
		t.Fatal(err)
	}
	of.Cancel(failure.ErrShutdown)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if err := send(context.Background(), t, through, method); !errors.Is(err, failure.ErrShutdown) {
			t.Errorf("%s: got %v", method, err)
		}
	}
	recording, done := of.Recording()
	defer done()
	if err := send(recording, t, through, http.MethodPatch); err != nil {
		t.Errorf("a status write was refused: %v", err)
	}
	if got := len(base.methods); got != 2 {
		t.Errorf("%d requests left", got)
	}
}

func TestTheDeadlineIsCheckedAtTheMomentOfSending(t *testing.T) {
	of, base := begin(t, time.Now().Add(time.Minute)), &sent{}
	of.Deadline = time.Now() // As after a pause that no timer noticed.
	err := send(context.Background(), t, of.Bind(base), http.MethodPost)
	if !errors.Is(err, failure.ErrDeadline) || len(base.methods) > 0 {
		t.Errorf("got %v, sent %v", err, base.methods)
	}
	if of.Context().Err() == nil {
		t.Error("the call goes on")
	}
}

func TestARequestInFlightEndsWithItsCall(t *testing.T) {
	of := begin(t, time.Now().Add(time.Minute))
	through := of.Bind(roundTrip(func(request *http.Request) (*http.Response, error) {
		of.Cancel(failure.ErrCancelled)
		<-request.Context().Done()
		return nil, request.Context().Err()
	}))
	if err := send(context.Background(), t, through, http.MethodGet); !errors.Is(err, failure.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func TestEveryRequestIsCounted(t *testing.T) {
	of := begin(t, time.Now().Add(time.Minute))
	through := of.Bind(&sent{})
	for range 3 {
		if err := send(context.Background(), t, through, http.MethodGet); err != nil {
			t.Fatal(err)
		}
	}
	if of.Requests() != 3 {
		t.Errorf("%d counted", of.Requests())
	}
}
