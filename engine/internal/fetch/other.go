package fetch

import (
	"context"
	"encoding/base64"
	"io"
	"net/url"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// openOther is for addresses that are not of the web.
func (c *Client) openOther(ctx context.Context, r Request) (*Answer, error) {
	switch r.Address.Scheme {
	case "data":
		return inline(r)
	case "", "file", "oci":
		return nil, failure.New(pb.Failure_INVALID,
			"%q cannot be fetched: it has to start with https:// or http://", Shown(r.Address))
	}
	if err := c.Allows(r.Address, r.Allowed); err != nil {
		return nil, err
	}
	content, err := c.byPlugin(ctx, r)
	if err != nil {
		return nil, err
	}
	return answered(r, content)
}

// inline reads what a data: URL holds, which has to be in base64.
func inline(r Request) (*Answer, error) {
	kind, encoded, found := strings.Cut(r.Address.Opaque, ",")
	if !found || !strings.HasSuffix(kind, ";base64") {
		return nil, failure.New(pb.Failure_INVALID,
			"the data: URL is not in base64: it has to start with data:application/gzip;base64,")
	}
	if r.Limit > 0 && int64(base64.StdEncoding.DecodedLen(len(encoded))) > r.Limit+2 {
		return nil, TooLarge(r.Address, r.Limit, r.Flag)
	}
	if decoded, err := url.PathUnescape(encoded); err == nil {
		encoded = decoded
	}
	content, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, failure.New(pb.Failure_INVALID, "the data: URL is not in base64: %w", err)
	}
	return answered(r, content)
}

func answered(r Request, content []byte) (*Answer, error) {
	if r.Limit > 0 && int64(len(content)) > r.Limit {
		return nil, TooLarge(r.Address, r.Limit, r.Flag)
	}
	return &Answer{Body: io.NopCloser(strings.NewReader(string(content))), From: r.Address}, nil
}
