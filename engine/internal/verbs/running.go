package verbs

import (
	"sync"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Running knows which release which action is at, so that a newer state can
// end its wait.
type Running struct {
	mu      sync.Mutex
	actions map[place]*news
}

// place is a release as one identity sees it.
type place struct{ identity, namespace, name string }

// news tells one action that a newer state is asked for.
type news struct {
	come chan struct{}
	why  string
}

// NewRunning knows of none.
func NewRunning() *Running { return &Running{actions: map[place]*news{}} }

func placeOf(of *call.Call, ref *pb.ReleaseRef) place {
	return place{of.Identity.Key(), ref.GetNamespace(), ref.GetName()}
}

// enter notes that an action begins; of two, the later one is found.
func (r *Running) enter(at place) (*news, func()) {
	mine := &news{come: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actions[at] = mine
	return mine, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.actions[at] == mine {
			delete(r.actions, at)
		}
	}
}

// Supersede tells a release's action that a newer state is asked for; false
// when there is none.
func (r *Running) Supersede(of *call.Call, ref *pb.ReleaseRef, why string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.actions[placeOf(of, ref)]
	if found == nil {
		return false
	}
	select {
	case <-found.come:
	default:
		found.why = why
		close(found.come)
	}
	return true
}

// Listen has this action's wait end when a newer state is asked for; the
// function returned ends the listening.
func (a *Action) Listen() func() {
	heard, leave := a.engine.Running.enter(placeOf(a.call, a.request.GetRelease()))
	a.objects.Newer = heard.come
	a.objects.GivenUp = func() error {
		return failure.New(pb.Failure_SUPERSEDED, "given up while it waited: %s", a.claim.GiveUp(heard.why))
	}
	return leave
}
