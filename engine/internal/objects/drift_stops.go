package objects

import "context"

func (l *looking) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = err
	}
}

// ended says whether there is no use in going on: the call is over, or the
// revision is no longer the one to go by.
func (l *looking) ended() error {
	if l.client.ctx.Err() != nil {
		return context.Cause(l.client.ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// confirm asks storage once whether the manifest still counts.
func (l *looking) confirm() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked {
		return nil
	}
	if err := l.look.Newest(l.client.ctx); err != nil {
		return err
	}
	l.asked = true
	return nil
}

// askAgain is for when an object turned out to have moved on: whoever moved it
// may have written a revision before.
func (l *looking) askAgain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = false
}
