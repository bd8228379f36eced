package objects

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

func codecs() runtime.NegotiatedSerializer {
	return serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
}

// notFound answers 404 to every request.
type notFound struct{}

const notFoundBody = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`

func (notFound) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusNotFound,
		Status:     "404 Not Found",
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}},
		Body:    io.NopCloser(strings.NewReader(notFoundBody)),
		Request: request,
	}, nil
}

// Build reads a manifest. The server validates what it is sent, so nothing is
// validated here.
func (c *Client) Build(reader io.Reader, _ bool) (_ kube.ResourceList, err error) {
	defer rescue(&err)
	manifest, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	return c.parse(string(manifest), c.Uninstalling)
}

// parse reads all objects of a manifest. Objects of kinds that are not served
// cannot exist: `lenient` leaves them out.
func (c *Client) parse(manifest string, lenient bool) (kube.ResourceList, error) {
	var list kube.ResourceList
	err := eachObject(manifest, func(object *unstructured.Unstructured) error {
		info, err := c.info(object)
		switch {
		case err == nil:
			list = append(list, info)
		case lenient && meta.IsNoMatchError(err):
		default:
			return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// eachObject reads a manifest and hands over one object after the other.
func eachObject(manifest string, take func(*unstructured.Unstructured) error) error {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return failure.New(pb.Failure_CHART_INVALID, "split the manifest: %w", err)
		}
		objects, err := decode(document)
		if err != nil {
			return failure.New(pb.Failure_CHART_INVALID, "document %d%s of the manifest: %w",
				number, sourceOf(document), err)
		}
		for _, object := range objects {
			if err := take(object); err != nil {
				return err
			}
		}
	}
}

// sourceOf is the template that Helm says a document came from.
func sourceOf(document []byte) string {
	for line := range bytes.Lines(document) {
		if path, found := bytes.CutPrefix(line, []byte("# Source: ")); found {
			return " (" + string(bytes.TrimSpace(path)) + ")"
		}
	}
	return ""
}

func decode(document []byte) ([]*unstructured.Unstructured, error) {
	encoded, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, fmt.Errorf("not valid YAML: %w", err)
	}
	if string(encoded) == "null" || string(encoded) == "{}" {
		return nil, nil
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(encoded); err != nil {
		return nil, err
	}
	if !object.IsList() {
		return []*unstructured.Unstructured{object}, nil
	}
	var items []*unstructured.Unstructured
	err = object.EachListItem(func(item runtime.Object) error {
		one, isObject := item.(*unstructured.Unstructured)
		if !isObject || one.GetKind() == "" {
			return errors.New("a list has an item without kind")
		}
		items = append(items, one)
		return nil
	})
	return items, err
}

func (c *Client) info(object *unstructured.Unstructured) (*resource.Info, error) {
	mapping, err := c.mapping(object)
	if err != nil {
		return nil, err
	}
	namespace := ""
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace = object.GetNamespace()
		if namespace == "" {
			namespace = c.Namespace
			object.SetNamespace(namespace)
		}
	}
	info := &resource.Info{
		Mapping: mapping, Namespace: namespace, Name: object.GetName(),
		Source: "manifest", Object: object,
	}
	if !c.Uninstalling {
		info.Client = c.refusing
	}
	return info, nil
}

// mapping waits a moment for the kind of a CRD that this action has just
// applied: discovery follows a little later.
func (c *Client) mapping(object *unstructured.Unstructured) (*meta.RESTMapping, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.access.Mapping(c.ctx, kind)
	for attempt := 0; attempt < 20 && meta.IsNoMatchError(err) && c.hasNewKinds.Load(); attempt++ {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-c.ctx.Done():
			return nil, err
		}
		c.access.Invalidate()
		mapping, err = c.access.Mapping(c.ctx, kind)
	}
	return mapping, err
}
