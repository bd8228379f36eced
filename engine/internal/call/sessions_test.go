package call

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"helmward.dev/engine/internal/failure"
)

// stoppedClock moves when told to; timers know nothing of it.
type stoppedClock struct {
	mu sync.Mutex
	at time.Duration
}

func (c *stoppedClock) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stoppedClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at += by
}

func newSessions() (*Sessions, *stoppedClock) {
	clock := &stoppedClock{at: time.Hour}
	sessions := NewSessions()
	sessions.now = clock.now
	return sessions, clock
}

func admitted(t *testing.T, sessions *Sessions, valid time.Duration) *Call {
	t.Helper()
	of := begin(t, time.Now().Add(time.Minute))
	if err := sessions.Admit(of, "ns/us", valid); err != nil {
		t.Fatal(err)
	}
	return of
}

func TestNothingLeavesInTheNameOfASessionThatHasEnded(t *testing.T) {
	sessions, clock := newSessions()
	of, base := admitted(t, sessions, time.Minute), &sent{}
	through := of.Bind(base)
	if err := send(context.Background(), t, through, http.MethodPatch); err != nil {
		t.Fatal(err)
	}
	clock.move(time.Minute) // No timer has fired: as after a stop of the process.
	recording, done := of.Recording()
	defer done()
	committing, done := of.Committing()
	defer done()
	for name, ctx := range map[string]context.Context{
		"a status": recording, "a claim": committing, "an object": context.Background(),
	} {
		if err := send(ctx, t, through, http.MethodPatch); !errors.Is(err, failure.ErrSessionLost) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(base.methods) != 1 {
		t.Errorf("sent %v", base.methods)
	}
	if !errors.Is(context.Cause(of.Context()), failure.ErrSessionLost) {
		t.Errorf("the call ended with %v", context.Cause(of.Context()))
	}
}

func TestASessionIsRenewedAndEnded(t *testing.T) {
	sessions, clock := newSessions()
	of := admitted(t, sessions, time.Minute)
	sessions.Renew("ns/us", 2*time.Minute)
	sessions.Renew("ns/us", time.Second) // An old message.
	clock.move(90 * time.Second)
	if !of.fence.passes() || of.Context().Err() != nil {
		t.Error("it was renewed and has ended")
	}
	sessions.Renew("ns/us", 0)
	if of.fence.passes() || of.Context().Err() == nil {
		t.Error("it was ended and goes on")
	}
}

// A lease that was lost and won again is another one: what was begun under the
// first must not go on as if nothing had been.
func TestARenewalThatComesTooLateBeginsAnotherTerm(t *testing.T) {
	sessions, clock := newSessions()
	old := admitted(t, sessions, time.Minute)
	clock.move(time.Hour)
	if err := sessions.Admit(begin(t, time.Now().Add(time.Minute)), "ns/us", time.Minute); !errors.Is(err, failure.ErrSessionLost) {
		t.Errorf("admitted under an ended session: %v", err)
	}
	sessions.Renew("ns/us", time.Minute)
	if old.fence.passes() || old.Context().Err() == nil {
		t.Error("the old call goes on")
	}
	if fresh := admitted(t, sessions, time.Second); !fresh.fence.passes() {
		t.Error("a new call may not write")
	}
}

func TestASessionEndsByItselfAtItsTime(t *testing.T) {
	sessions := NewSessions()
	of := admitted(t, sessions, 30*time.Millisecond)
	other := begin(t, time.Now().Add(time.Minute))
	if err := sessions.Admit(other, "ns/others", time.Minute); err != nil {
		t.Fatal(err)
	}
	select {
	case <-of.Context().Done():
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on")
	}
	if !other.fence.passes() {
		t.Error("another session ended with it")
	}
}

func TestACallThatHasEndedIsForgotten(t *testing.T) {
	sessions, _ := newSessions()
	of := admitted(t, sessions, time.Minute)
	of.End()
	if count := len(sessions.all["ns/us"].calls); count != 0 {
		t.Errorf("%d calls are remembered", count)
	}
}
