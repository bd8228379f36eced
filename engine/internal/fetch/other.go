package fetch

import (
	"context"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// openOther is for addresses that are not of the web.
func (c *Client) openOther(_ context.Context, r Request) (*Answer, error) {
	return nil, failure.New(pb.Failure_INVALID, "%q is not an address that can be fetched", Shown(r.Address))
}
