package fetch

import (
	"context"
	"errors"
	"io"
	"net/url"
	"sync/atomic"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

var errSlow = errors.New("sends too slowly: next to nothing came for a while")

// body reads an answer within its limits: so many bytes, so slow at most.
type body struct {
	from   io.ReadCloser
	of     Request
	ctx    context.Context
	cancel context.CancelCauseFunc

	left   int64
	came   atomic.Int64
	watch  *time.Timer
	failed error
}

// newBody watches over an answer; the context's end breaks it off.
func newBody(ctx context.Context, cancel context.CancelCauseFunc, of Request, from io.ReadCloser, pace pace) *body {
	b := &body{from: from, of: of, ctx: ctx, cancel: cancel, left: of.Limit}
	var last int64
	b.watch = time.AfterFunc(pace.window, func() {
		now := b.came.Load()
		if now-last < pace.least {
			cancel(errSlow)
			return
		}
		last = now
		b.watch.Reset(pace.window)
	})
	return b
}

func (b *body) Read(into []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	if b.of.Limit > 0 && int64(len(into)) > b.left+1 {
		into = into[:b.left+1]
	}
	n, err := b.from.Read(into)
	b.came.Add(int64(n))
	b.left -= int64(n)
	switch {
	case b.of.Limit > 0 && b.left < 0:
		b.failed = TooLarge(b.of.Address, b.of.Limit, b.of.Flag)
		return 0, b.failed
	case err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		b.failed = Unavailable(b.of.Address, "%s", b.reason(err))
		return n, b.failed
	}
	return n, err
}

func (b *body) reason(err error) string {
	if !errors.Is(context.Cause(b.ctx), errSlow) && isTimeout(err) {
		return "sends too slowly: it was not whole in time"
	}
	return reason(b.ctx, err)
}

func (b *body) Close() error {
	b.watch.Stop()
	b.cancel(nil)
	return b.from.Close()
}

// TooLarge names the limit and the flag that raises it.
func TooLarge(address *url.URL, limit int64, flag string) error {
	hint := ""
	if flag != "" {
		hint = "; " + flag + " raises that"
	}
	return failure.New(pb.Failure_TOO_LARGE, "%s is larger than the %s that are allowed%s",
		Shown(address), size(limit), hint)
}
