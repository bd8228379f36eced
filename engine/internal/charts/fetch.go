// Package charts is where charts come from: indexes and archives over HTTP,
// kept parsed and named by their digest.
package charts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const fetchTimeout = 2 * time.Minute

func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxConnsPerHost:       8,
		ForceAttemptHTTP2:     true,
	}}
}

// validators are what a server gave to ask again cheaply.
type validators struct{ etag, modified string }

type answer struct {
	body       []byte
	validators validators
	unchanged  bool
}

// fetch gets a document of bounded size. Errors name the address without
// whatever could be a credential in it.
func fetch(ctx context.Context, client *http.Client, address *url.URL, last validators, limit int64) (*answer, error) {
	request, err := newRequest(ctx, address, last)
	if err != nil {
		return nil, unavailable(address, "%s", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, unavailable(address, "%s", reason(err))
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && last != validators{}:
		return &answer{unchanged: true, validators: last}, nil
	case response.StatusCode != http.StatusOK:
		return nil, unavailable(address, "%s", explain(response))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, unavailable(address, "broke off: %s", reason(err))
	}
	if int64(len(body)) > limit {
		return nil, unavailable(address, "is larger than %d MiB", limit>>20)
	}
	given := validators{response.Header.Get("ETag"), response.Header.Get("Last-Modified")}
	return &answer{body: body, validators: given}, nil
}

func newRequest(ctx context.Context, address *url.URL, last validators) (*http.Request, error) {
	bare := *address
	bare.User = nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, bare.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("is not a usable address")
	}
	if address.User != nil {
		password, _ := address.User.Password()
		request.SetBasicAuth(address.User.Username(), password)
	}
	if last.etag != "" {
		request.Header.Set("If-None-Match", last.etag)
	}
	if last.modified != "" {
		request.Header.Set("If-Modified-Since", last.modified)
	}
	request.Header.Set("User-Agent", "helmward-engine")
	return request, nil
}

// shown is an address as it may be printed: without user, query and fragment.
func shown(address *url.URL) string {
	bare := *address
	bare.User, bare.RawQuery, bare.Fragment = nil, "", ""
	return bare.String()
}

func unavailable(address *url.URL, format string, values ...any) error {
	return failure.New(pb.Failure_SOURCE_UNAVAILABLE, "%s %s", shown(address), fmt.Sprintf(format, values...))
}

// reason takes the address off an error of the HTTP client, which may hold a
// credential.
func reason(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "does not answer in time"
	case errors.Is(err, context.Canceled):
		return "was not waited for: cancelled"
	}
	text := err.Error()
	if strings.Contains(text, "tls:") || strings.Contains(text, "x509:") {
		return "cannot be trusted: " + text
	}
	return "cannot be reached: " + text
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

func explain(response *http.Response) string {
	said := fmt.Sprintf("answered %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return said + ": the credentials in the repository's address are missing or wrong"
	case http.StatusTooManyRequests:
		if after := response.Header.Get("Retry-After"); after != "" {
			return said + ": retry after " + after + " s"
		}
	}
	return said
}
