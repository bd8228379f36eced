package objects

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/drift"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Look is a look at a release's objects.
type Look struct {
	Manifest string
	// Wanted are the objects to look at; nil for all.
	Wanted []*pb.ObjectRef
	Rules  drift.Rules
	// Correct has put right what is found.
	Correct bool
	// Newest asks storage whether the manifest is still the release's; it is asked
	// before anything is written.
	Newest func(context.Context) error
}

// Findings are what a look has found.
type Findings struct {
	Found  []*pb.Divergence
	Looked int
	// Inventory is of all objects as they are; nil where only some were looked at.
	Inventory *Inventory
}

// Drift looks whether objects are as the manifest has them.
func (c *Client) Drift(look Look) (*Findings, error) {
	list, strangers, err := c.wanted(look)
	if err != nil {
		return nil, err
	}
	run := &looking{client: c, look: look, scalers: newScalers(c), noted: NewInventory(list)}
	c.applied.Store(run.noted)
	found := make([]*pb.Divergence, len(list))
	for start := 0; start < len(list); {
		end := len(list)
		if look.Correct { // In Helm's order: what others stand on comes first.
			for end = start + 1; end < len(list) && list[end].Mapping.GroupVersionKind == list[start].Mapping.GroupVersionKind; {
				end++
			}
		}
		run.each(list[start:end], found[start:end])
		start = end
	}
	if run.failed != nil {
		return nil, run.failed
	}
	findings := &Findings{Found: strangers, Looked: len(list)}
	for _, one := range found {
		if one != nil {
			findings.Found = append(findings.Found, one)
		}
	}
	if len(look.Wanted) == 0 {
		findings.Inventory = run.noted
	}
	return findings, nil
}

// looking is one look on its way.
type looking struct {
	client  *Client
	look    Look
	scalers *scalers
	noted   *Inventory

	mu     sync.Mutex
	asked  bool
	failed error
}

func (l *looking) each(list []*resource.Info, found []*pb.Divergence) {
	together(list, func(at int, info *resource.Info) {
		err := guarded(func(info *resource.Info) (err error) {
			found[at], err = l.one(info)
			return err
		}, info)
		if err != nil {
			l.fail(err)
		}
	})
}

// one looks at an object, and puts it right where that is asked for; nil where
// it is as it should be.
func (l *looking) one(info *resource.Info) (*pb.Divergence, error) {
	object := info.Object.(*unstructured.Unstructured)
	if l.look.Rules.For(object).All() {
		return nil, nil
	}
	var err error
	for attempt := range mostLooks {
		if err := l.ended(); err != nil {
			return nil, err
		}
		var found *pb.Divergence
		if found, err = l.once(info); err == nil || !failure.IsVersionConflict(err) {
			return l.told(info, found, err)
		}
		l.askAgain()
		if err := l.client.lookAgain(attempt); err != nil {
			return nil, err
		}
	}
	return l.told(info, nil, err)
}

// told adds to what was found what went wrong with it. What is not about this
// object alone ends the look.
func (l *looking) told(info *resource.Info, found *pb.Divergence, err error) (*pb.Divergence, error) {
	if found != nil {
		found.Object = refOf(info)
	}
	if err == nil {
		return found, nil
	}
	if ended := l.ended(); ended != nil {
		return nil, ended
	}
	if failure.Is(err, pb.Failure_CONFLICT) || failure.Is(err, pb.Failure_SESSION_LOST) || failure.IsUnreachable(err) {
		return nil, err
	}
	if found == nil {
		found = &pb.Divergence{Object: refOf(info)}
	}
	name := info.Mapping.GroupVersionKind.Kind + " " + info.Name + ": "
	found.Problem = failure.Shorten(strings.TrimPrefix(told(err, info).Error(), name))
	return found, nil
}

func refOf(info *resource.Info) *pb.ObjectRef {
	kind := info.Mapping.GroupVersionKind
	return &pb.ObjectRef{
		ApiVersion: kind.GroupVersion().String(), Kind: kind.Kind, Namespace: info.Namespace, Name: info.Name,
	}
}

func problem(format string, values ...any) *pb.Divergence {
	return &pb.Divergence{Problem: fmt.Sprintf(format, values...)}
}
