package fetch

import (
	"context"
	"time"

	"golang.org/x/sync/singleflight"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Longest is how long what several wait for may take.
const Longest = 2 * time.Minute

// Together asks once for all who wait under one key; one that gives up leaves
// the others, and what is asked for goes on. `where` is an address as it may be
// printed.
func Together[T any](
	ctx context.Context, flight *singleflight.Group, key, where string, ask func(context.Context) (T, error),
) (T, error) {
	done := flight.DoChan(key, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), Longest)
		defer cancel()
		return ask(own)
	})
	var none T
	select {
	case result := <-done:
		if result.Err != nil {
			return none, result.Err
		}
		return result.Val.(T), nil
	case <-ctx.Done():
		return none, failure.New(pb.Failure_SOURCE_UNAVAILABLE, "%s was not waited for: %w", where, context.Cause(ctx))
	}
}
