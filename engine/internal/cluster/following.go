package cluster

import (
	"fmt"
	"net/http"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"helmward.dev/engine/internal/call"
)

// Following gives a client that belongs to no call: for watches, which calls
// of one identity share. It reads; nobody writes through it.
func (c *Cluster) Following(identity call.Identity) (dynamic.Interface, error) {
	shared, err := c.connect()
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(shared.config)
	config.Impersonate = identity.Impersonation()
	config.WrapTransport = func(base http.RoundTripper) http.RoundTripper {
		return readOnly{base, c}
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare a client for watches: %w", err)
	}
	return client, nil
}

// readOnly counts, and refuses what no call answers for.
type readOnly struct {
	base    http.RoundTripper
	cluster *Cluster
}

func (r readOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet {
		return nil, fmt.Errorf("%s through a connection for watches", request.Method)
	}
	r.cluster.Requests.Add(1)
	return r.base.RoundTrip(request)
}
