package fetch

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// What follows is for those who speak for themselves with a client of HTTP.

// Failed words an error of such a client as those of Open are worded.
func (c *Client) Failed(ctx context.Context, address *url.URL, err error) error {
	return c.failed(ctx, address, err)
}

// Answered blames the source for a status that is no answer to what was asked;
// shown says whether it has seen credentials.
func (c *Client) Answered(address, asked *url.URL, access Access, status int, shown bool) error {
	if err := c.waits.check(asked, access.Key()); err != nil {
		return err
	}
	response := &http.Response{StatusCode: status, Request: &http.Request{URL: address}}
	return Unavailable(address, "%w", &Status{status, explain(response, shown, false)})
}

// ReadAll reads what such a client has opened, within the request's limit; a
// slow drip ends it by way of cancel, which must end the context.
func (c *Client) ReadAll(
	ctx context.Context, cancel context.CancelCauseFunc, of Request, from io.ReadCloser,
) ([]byte, error) {
	limited := newBody(ctx, cancel, of, from, c.pace)
	defer limited.Close()
	return io.ReadAll(limited)
}
