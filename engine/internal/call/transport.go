package call

import (
	"context"
	"io"
	"net/http"
	"time"

	"helmward.dev/engine/internal/failure"
)

// Bind ties every request through a transport to the call. The SDK sends its
// requests with context.Background(); here they learn whose they are.
//
// For a mutating request the order is: the version was read, the deadline is
// checked, it is sent. Nothing may come between the last two.
func (c *Call) Bind(base http.RoundTripper) http.RoundTripper {
	return &bound{call: c, base: base}
}

type bound struct {
	call *Call
	base http.RoundTripper
}

func (b *bound) RoundTrip(request *http.Request) (*http.Response, error) {
	b.call.requests.Add(1)
	b.call.total.Add(1)
	if mutating(request.Method) && !b.call.fence.passes() {
		b.call.cancel(failure.ErrSessionLost)
		return nil, failure.ErrSessionLost
	}
	if request.Context().Value(recordingKey{}) != nil {
		return b.base.RoundTrip(request)
	}
	if request.Context().Value(committingKey{}) != nil {
		if err := b.call.mayWrite(); err != nil {
			return nil, err
		}
		return b.base.RoundTrip(request)
	}
	ctx, release := b.join(request.Context())
	request = request.Clone(ctx)
	if mutating(request.Method) {
		if err := b.call.mayWrite(); err != nil {
			release()
			return nil, err
		}
	}
	response, err := b.base.RoundTrip(request)
	if err != nil {
		if ended := b.call.ended(); ended != nil {
			err = ended
		}
		release()
		return nil, err
	}
	response.Body = &releasing{ReadCloser: response.Body, release: release}
	return response, nil
}

// join makes a context that ends with the request's own or with the call.
func (b *bound) join(own context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(own)
	stop := context.AfterFunc(b.call.ctx, func() { cancel(context.Cause(b.call.ctx)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func mutating(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// mayWrite looks at the clock itself: a timer may fire late after a pause of
// the whole process.
func (c *Call) mayWrite() error {
	if err := c.ended(); err != nil {
		return err
	}
	if !time.Now().Before(c.Deadline) {
		c.cancel(failure.ErrDeadline)
		return failure.ErrDeadline
	}
	return nil
}

func (c *Call) ended() error {
	if c.ctx.Err() == nil {
		return nil
	}
	return context.Cause(c.ctx)
}

// releasing keeps a joined context alive until the body has been read, as a
// watch may stream for long.
type releasing struct {
	io.ReadCloser
	release func()
}

func (r *releasing) Close() error {
	err := r.ReadCloser.Close()
	r.release()
	return err
}
