package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"helmward.dev/engine/internal/call"
)

// Metadata alone is asked for wherever the rest is known or not needed.
const (
	MetadataOnly     = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
	MetadataOnlyList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
)

// Access is the cluster as one call sees it. It is also what the SDK calls a
// RESTClientGetter.
type Access struct {
	shared    *shared
	config    *rest.Config
	client    *rest.RESTClient
	namespace string
}

// Access binds the shared connections to a call.
func (c *Cluster) Access(of *call.Call, namespace string) (*Access, error) {
	shared, err := c.connect()
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(shared.config)
	config.WrapTransport = of.Bind
	config.Impersonate = of.Identity.Impersonation()
	client, err := plainClient(config)
	if err != nil {
		return nil, fmt.Errorf("prepare a client: %w", err)
	}
	return &Access{shared: shared, config: config, client: client, namespace: namespace}, nil
}

func plainClient(config *rest.Config) (*rest.RESTClient, error) {
	config = rest.CopyConfig(config)
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	config.GroupVersion = &schema.GroupVersion{}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return rest.UnversionedRESTClientForConfigAndClient(config, client)
}

// Request is one request to the API server.
type Request struct {
	Verb   string
	Path   string
	Query  map[string]string
	Accept string
	// Type is the body's content type.
	Type string
	Body []byte
}

// Do sends a request and reads the answer into `into`, unless that is nil.
func (a *Access) Do(ctx context.Context, request Request, into any) error {
	sent := a.client.Verb(request.Verb).AbsPath(request.Path)
	for name, value := range request.Query {
		sent.Param(name, value)
	}
	if request.Accept != "" {
		sent.SetHeader("Accept", request.Accept)
	}
	if request.Body != nil {
		sent.SetHeader("Content-Type", request.Type).Body(request.Body)
	}
	result := sent.Do(ctx)
	if err := result.Error(); err != nil {
		return err
	}
	body, err := result.Raw()
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// Metadata reads an object without its content.
func (a *Access) Metadata(ctx context.Context, path string) (*metav1.PartialObjectMetadata, error) {
	found := &metav1.PartialObjectMetadata{}
	request := Request{Verb: http.MethodGet, Path: path, Accept: MetadataOnly}
	return found, a.Do(ctx, request, found)
}

// Path is where an object, or with an empty name its collection, is served.
func Path(mapping *meta.RESTMapping, namespace, name string) string {
	parts := []string{"", "apis", mapping.Resource.Group, mapping.Resource.Version}
	if mapping.Resource.Group == "" {
		parts = []string{"", "api", mapping.Resource.Version}
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		parts = append(parts, "namespaces", namespace)
	}
	parts = append(parts, mapping.Resource.Resource)
	if name != "" {
		parts = append(parts, name)
	}
	return strings.Join(parts, "/")
}

// Mapping finds how a kind is served.
func (a *Access) Mapping(ctx context.Context, kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	return a.shared.knowledge.Mapping(ctx, kind)
}

// Capabilities are what charts see as .Capabilities.
func (a *Access) Capabilities(ctx context.Context) (*common.Capabilities, error) {
	return a.shared.knowledge.Capabilities(ctx)
}

// Invalidate makes the next question about what is served go to the server.
func (a *Access) Invalidate() { a.shared.knowledge.Invalidate() }

// ToRESTConfig returns a copy: those who ask write into it.
func (a *Access) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(a.config), nil }

// ToDiscoveryClient returns what all calls share.
func (a *Access) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return invalidating{a.shared.knowledge.cached, a.shared.knowledge}, nil
}

// ToRESTMapper returns what all calls share.
func (a *Access) ToRESTMapper() (meta.RESTMapper, error) { return a.shared.knowledge.mapper, nil }

// ToRawKubeConfigLoader knows the namespace and nothing else.
func (a *Access) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: a.namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), overrides)
}

// invalidating forgets the capabilities along with the discovery they are of.
type invalidating struct {
	discovery.CachedDiscoveryInterface
	knowledge *Knowledge
}

func (i invalidating) Invalidate() { i.knowledge.Invalidate() }
