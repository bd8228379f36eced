package cluster

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// How long what the API server serves is believed without asking. Asking is a
// conditional GET that answers 304 as long as no CRD or APIService changed.
const freshFor = 5 * time.Second

const discoveryTimeout = 20 * time.Second

// Knowledge is what the API server serves: discovery, mapper, capabilities.
// It is learnt with the operator's credentials and equal for all callers.
type Knowledge struct {
	cached discovery.CachedDiscoveryInterface
	mapper *restmapper.DeferredDiscoveryRESTMapper
	client *rest.RESTClient
	again  *rate.Limiter

	flight singleflight.Group

	asking  sync.Mutex
	mu      sync.Mutex
	etag    string
	askedAt time.Time
	caps    *common.Capabilities
	resets  int
}

func newKnowledge(config *rest.Config, total *atomic.Int64) (*Knowledge, error) {
	config = rest.CopyConfig(config)
	config.Timeout = discoveryTimeout
	config.WrapTransport = func(base http.RoundTripper) http.RoundTripper {
		return counting{base, total}
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	raw, err := plainClient(config)
	if err != nil {
		return nil, err
	}
	cached := memory.NewMemCacheClient(client)
	return &Knowledge{
		cached: cached,
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(cached),
		client: raw,
		again:  rate.NewLimiter(rate.Every(time.Second), 5),
	}, nil
}

type counting struct {
	base  http.RoundTripper
	total *atomic.Int64
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	c.total.Add(1)
	return c.base.RoundTrip(request)
}

// Capabilities are what charts see as .Capabilities.
func (k *Knowledge) Capabilities(ctx context.Context) (*common.Capabilities, error) {
	k.refresh(ctx)
	if known := k.known(); known != nil {
		return known.Copy(), nil
	}
	// The discovery client knows no context: nobody waits longer for it than
	// his own call lasts.
	learning := k.flight.DoChan("learn", func() (any, error) { return k.learn() })
	select {
	case result := <-learning:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*common.Capabilities).Copy(), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (k *Knowledge) known() *common.Capabilities {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.caps
}

func (k *Knowledge) learn() (*common.Capabilities, error) {
	k.mu.Lock()
	known, resets := k.caps, k.resets
	k.mu.Unlock()
	if known != nil {
		return known, nil
	}
	version, err := k.cached.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("ask the API server's version: %w", err)
	}
	served, err := action.GetVersionSet(k.cached)
	if err != nil {
		return nil, fmt.Errorf("ask what the API server serves: %w", err)
	}
	built := common.DefaultCapabilities.HelmVersion
	built.Version = HelmVersion()
	caps := &common.Capabilities{
		APIVersions: served,
		KubeVersion: common.KubeVersion{
			Version: version.GitVersion, Major: version.Major, Minor: version.Minor,
		},
		HelmVersion: built,
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.resets == resets {
		k.caps = caps // Else it may be old already: good for this call alone.
	}
	return caps, nil
}

// refresh asks whether anything changed, when the last answer is old. Only
// one call asks; the others go on with what is known.
func (k *Knowledge) refresh(ctx context.Context) {
	k.mu.Lock()
	fresh := time.Since(k.askedAt) < freshFor
	k.mu.Unlock()
	if fresh || !k.asking.TryLock() {
		return
	}
	defer k.asking.Unlock()
	k.ask(ctx)
}

const groupList = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// ask compares the entity tag of the server's group list with the last one;
// a server without tags is taken to have changed.
func (k *Knowledge) ask(ctx context.Context) (changed bool) {
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	k.mu.Lock()
	last := k.etag
	k.mu.Unlock()
	etag, status := k.tag(ctx, last)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case status == http.StatusNotModified:
		k.askedAt = time.Now()
		return false
	case status != http.StatusOK:
		return false
	}
	k.askedAt, k.etag = time.Now(), etag
	k.reset()
	return true
}

func (k *Knowledge) tag(ctx context.Context, last string) (string, int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		k.client.Get().AbsPath("/apis").URL().String(), http.NoBody)
	if err != nil {
		return "", 0
	}
	request.Header.Set("Accept", groupList)
	if last != "" {
		request.Header.Set("If-None-Match", last)
	}
	response, err := k.client.Client.Do(request)
	if err != nil {
		return "", 0
	}
	defer response.Body.Close()
	return response.Header.Get("ETag"), response.StatusCode
}

// reset needs k.mu.
func (k *Knowledge) reset() {
	k.caps = nil
	k.resets++
	k.cached.Invalidate()
	k.mapper.Reset()
}

// Invalidate forgets everything at once.
func (k *Knowledge) Invalidate() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.etag, k.askedAt = "", time.Time{}
	k.reset()
}

// Mapping finds how a kind is served. A kind that is not found may be new: the
// memory cache believes itself fresh for ever, so it is asked for again, at a
// bounded rate.
func (k *Knowledge) Mapping(ctx context.Context, kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := k.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err == nil || !meta.IsNoMatchError(err) || !k.again.Allow() {
		return mapping, err
	}
	k.asking.Lock()
	changed := k.ask(ctx)
	k.asking.Unlock()
	if !changed {
		return nil, err
	}
	return k.mapper.RESTMapping(kind.GroupKind(), kind.Version)
}

func (k *Knowledge) version() string {
	if known := k.known(); known != nil {
		return known.KubeVersion.Version
	}
	return ""
}
