package cause

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	pb "helmward.dev/engine/internal/enginepb"
)

// rank orders findings: what comes first is what the others may follow from.
type rank int

const (
	// broken: something failed.
	broken rank = iota
	// unready: it runs, and does not do what it should.
	unready
	// replaced: it failed, but its controller has gone on without it.
	replaced
	// starting: nothing failed as far as the object tells.
	starting
)

// log names the log that may tell more.
type log int

const (
	noLog log = iota
	currentLog
	previousLog
)

// finding is a cause and where more could be learnt of it.
type finding struct {
	cause *pb.Cause
	rank  rank
	log   log
	// about are the objects whose events matter, the nearest first.
	about []types.UID
}

func tell(rank rank, reason, message string) *finding {
	return &finding{rank: rank, cause: &pb.Cause{Reason: reason, Message: plain(message, longestMessage)}}
}

func (f *finding) hopelessIf(hopeless bool) *finding {
	f.cause.Hopeless = hopeless
	return f
}

// alsoAbout adds an object whose events matter less than those before it.
func (f *finding) alsoAbout(uid types.UID) {
	if !slices.Contains(f.about, uid) {
		f.about = append(f.about, uid)
	}
}

// before says which of two findings is to be told; what stands first wins a tie.
func (f *finding) before(other *finding) bool {
	switch {
	case f == nil:
		return false
	case other == nil:
		return true
	case f.cause.Hopeless != other.cause.Hopeless:
		return f.cause.Hopeless
	default:
		return f.rank < other.rank
	}
}

func first(findings ...*finding) *finding {
	var best *finding
	for _, each := range findings {
		if each.before(best) {
			best = each
		}
	}
	return best
}
