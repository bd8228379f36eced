// Package cluster holds what all calls share of one API server: connections,
// discovery, the mapper and the capabilities. Each call gets an Access: the
// same connections, bound to the call and its identity.
package cluster

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Cluster connects at its first use, so that starting costs no request.
type Cluster struct {
	// Requests counts every API request of the process.
	Requests atomic.Int64

	kubeconfig string
	context    string
	mu         sync.Mutex
	shared     *shared
}

// shared is what all calls have in common once connected.
type shared struct {
	config    *rest.Config
	transport http.RoundTripper
	knowledge *Knowledge
}

// New names the cluster; an empty kubeconfig means the one we run in.
func New(kubeconfig, context string) *Cluster {
	return &Cluster{kubeconfig: kubeconfig, context: context}
}

func (c *Cluster) load() (*rest.Config, error) {
	if c.kubeconfig == "" {
		return rest.InClusterConfig()
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: c.kubeconfig}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.context}
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
}

func (c *Cluster) connect() (*shared, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shared != nil {
		return c.shared, nil
	}
	config, err := c.load()
	if err != nil {
		return nil, failure.New(pb.Failure_CLUSTER_UNAVAILABLE, "no cluster to talk to: %w", err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, failure.New(pb.Failure_CLUSTER_UNAVAILABLE, "prepare connections: %w", err)
	}
	bare := plain(config, transport)
	knowledge, err := newKnowledge(bare, &c.Requests)
	if err != nil {
		return nil, failure.New(pb.Failure_CLUSTER_UNAVAILABLE, "prepare discovery: %w", err)
	}
	c.shared = &shared{config: bare, transport: transport, knowledge: knowledge}
	return c.shared, nil
}

// plain is the address alone: credentials and TLS live in the transport, and
// nothing on our side limits the rate.
func plain(config *rest.Config, transport http.RoundTripper) *rest.Config {
	return &rest.Config{
		Host:           config.Host,
		APIPath:        config.APIPath,
		Transport:      transport,
		UserAgent:      "helmward-engine",
		QPS:            -1,
		WarningHandler: rest.NoWarnings{},
	}
}

// Forget drops discovery, mapper and capabilities.
func (c *Cluster) Forget() {
	c.mu.Lock()
	shared := c.shared
	c.mu.Unlock()
	if shared != nil {
		shared.knowledge.Invalidate()
	}
}

// Version is the API server's, as far as it is known already.
func (c *Cluster) Version() string {
	c.mu.Lock()
	shared := c.shared
	c.mu.Unlock()
	if shared == nil {
		return ""
	}
	return shared.knowledge.version()
}

// String names the cluster for a log line.
func (c *Cluster) String() string {
	if c.kubeconfig == "" {
		return "in-cluster"
	}
	return fmt.Sprintf("%s (%s)", c.kubeconfig, c.context)
}
