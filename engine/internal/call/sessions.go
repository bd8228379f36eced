package call

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"helmward.dev/engine/internal/failure"
)

// Sessions are the operator's sessions, and until when each may write. A
// session is not a lock: whoever holds none of it has lost it at another's
// clock, not at ours. So the clock is one that goes on while the machine or
// this process is stopped, and it is read at the moment of sending.
type Sessions struct {
	mu  sync.Mutex
	all map[string]*session
	now func() time.Duration
}

// session is written in terms: one that has ended never begins again. What
// comes after it, under the same name, is another term with other calls.
type session struct {
	until time.Duration
	calls map[*Call]struct{}
	timer *time.Timer
}

// NewSessions knows none.
func NewSessions() *Sessions { return &Sessions{all: map[string]*session{}, now: bootTime} }

// bootTime is the time since the machine started, its sleep included.
func bootTime() time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &at); err != nil {
		return 0 // Only an unknown clock is an error.
	}
	return time.Duration(at.Nano())
}

// Renew lets a session write for another while from now on; zero or less ends
// it at once. A time earlier than the one it has is an old message.
func (s *Sessions) Renew(name string, valid time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[name]
	if valid <= 0 {
		if known == nil {
			known = s.begin(name, 0)
		}
		known.until = s.now()
		s.end(known)
		return
	}
	s.extend(name, s.now()+valid)
}

// Admit binds a call to a session: from then on its writes are refused once
// the session has ended. A session that nobody named before begins with it.
func (s *Sessions) Admit(c *Call, name string, valid time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.all[name]; known != nil && s.over(known) {
		return failure.ErrSessionLost
	}
	of := s.extend(name, s.now()+valid)
	of.calls[c] = struct{}{}
	c.fence = &fence{sessions: s, session: of}
	return nil
}

// extend gives the session's present term, or its next one, more time.
func (s *Sessions) extend(name string, until time.Duration) *session {
	known := s.all[name]
	if known == nil || s.over(known) {
		if known != nil {
			s.end(known)
		}
		return s.begin(name, until)
	}
	if until > known.until {
		known.until = until
		known.timer.Reset(until - s.now())
	}
	return known
}

func (s *Sessions) begin(name string, until time.Duration) *session {
	of := &session{until: until, calls: map[*Call]struct{}{}}
	of.timer = time.AfterFunc(max(0, until-s.now()), func() { s.expire(of) })
	s.all[name] = of
	return of
}

// expire runs by a timer, which does not know of an extension in between, nor
// of a machine's sleep.
func (s *Sessions) expire(of *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over(of) {
		of.timer.Reset(of.until - s.now())
		return
	}
	s.end(of)
}

// end needs s.mu.
func (s *Sessions) end(of *session) {
	of.timer.Stop()
	for c := range of.calls {
		c.cancel(failure.ErrSessionLost)
	}
	clear(of.calls)
}

func (s *Sessions) over(of *session) bool { return s.now() >= of.until }

// fence is a call's part in a session.
type fence struct {
	sessions *Sessions
	session  *session
}

// passes says whether a write may leave now.
func (f *fence) passes() bool {
	if f == nil {
		return true
	}
	f.sessions.mu.Lock()
	defer f.sessions.mu.Unlock()
	return !f.sessions.over(f.session)
}

// leave forgets a call that has ended.
func (f *fence) leave(c *Call) {
	if f == nil {
		return
	}
	f.sessions.mu.Lock()
	defer f.sessions.mu.Unlock()
	delete(f.session.calls, c)
}
