package objects

import (
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/drift"
)

// own applies an object whose owners somebody had forgotten. Of one without any
// managed fields the API server notes no writer until it is applied again, so
// that no later change could be seen.
func (l *looking) own(info *resource.Info, live *seen, kept []drift.Change) error {
	if !l.look.Correct || len(live.managed) > 0 {
		return nil
	}
	if err := l.confirm(); err != nil {
		return err
	}
	return l.client.restore(info, live, nil, kept)
}
