package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"helmward.dev/engine/internal/cause"
)

var _ cause.Reader = (*Access)(nil)

// Read asks for one path and decodes the answer into `into`.
func (a *Access) Read(ctx context.Context, path string, query map[string]string, into any) error {
	return a.Do(ctx, Request{Verb: http.MethodGet, Path: path, Query: query}, into)
}

// Text asks for one path and returns at most `most` bytes of the answer; what
// comes after them is not fetched.
func (a *Access) Text(ctx context.Context, path string, query map[string]string, most int64) (string, error) {
	sent := a.client.Get().AbsPath(path)
	for name, value := range query {
		sent.Param(name, value)
	}
	body, err := sent.Stream(ctx)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, most))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return string(text), nil
}
