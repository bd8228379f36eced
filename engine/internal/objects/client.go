// Package objects brings a manifest's objects into the cluster: the SDK's
// kube.Interface with one server-side-apply request an object. Every write
// says what it expects to find, so that a writer who was overtaken cannot
// undo what came after it.
package objects

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"helmward.dev/engine/internal/cluster"
)

// FieldManager is who the API server says applied our fields.
const FieldManager = "helmward"

// Options of one action.
type Options struct {
	Namespace      string
	Release        string
	TakeOwnership  bool
	ForceConflicts bool
	// Uninstalling skips what cannot exist: objects of kinds not served.
	Uninstalling bool
	// TrustOriginals takes objects of the revision before for ours even if they
	// lost Helm's marks. A failed revision may list objects of others.
	TrustOriginals bool
	// Force deletes and creates anew what the API server refuses to change.
	Force bool
	// AnyFields has fields dropped that the API server does not know.
	AnyFields bool
	// Recreate restarts the pods of workloads after they were updated.
	Recreate bool
	// Annotations are put on every object of the release, not on hooks.
	Annotations map[string]string
	// Timeout of what this client itself waits for.
	Timeout time.Duration
	// Stamp, if not empty, is written to every object, and is like no stamp
	// before.
	Stamp string
}

// Client is the kube.Interface of one action.
type Client struct {
	Options
	Waits

	// Progress hears of phases.
	Progress func(phase, detail string)
	// StillOurs asks storage whether the claim still stands; it is asked when
	// an object turned out to have moved on.
	StillOurs func(context.Context) error
	// Unbroken tells whether a status write failed, without asking storage.
	Unbroken func() error

	ctx      context.Context
	access   *cluster.Access
	versions *Versions
	sdk      *kube.Client
	previous kube.ResourceList
	// before is what an update starts from, where the SDK does not know it.
	before   *kube.ResourceList
	refusing rest.Interface
	// namespaceGone is set when a hook found its namespace going away.
	namespaceGone atomic.Bool
	// hasNewKinds is set once a CRD was applied.
	hasNewKinds atomic.Bool
	deleting    sync.Mutex
	deleteError error
	// applied is what the last walk over the release's objects has applied.
	applied atomic.Pointer[Inventory]
	// knownAbsent are the keys of objects that a delete found absent.
	knownAbsent sync.Map
}

var (
	_ kube.Interface            = (*Client)(nil)
	_ kube.InterfaceWaitOptions = (*Client)(nil)
)

// New makes the client of one action; the context is the call's.
func New(ctx context.Context, access *cluster.Access, versions *Versions, options Options) (*Client, error) {
	refusing, err := absentEverything()
	if err != nil {
		return nil, err
	}
	return &Client{
		Options:   options,
		Progress:  func(string, string) {},
		StillOurs: func(context.Context) error { return nil },
		Unbroken:  func() error { return nil },
		ctx:       ctx,
		access:    access,
		versions:  versions,
		sdk:       newSDKClient(access, options.Namespace),
		refusing:  refusing,
	}, nil
}

func newSDKClient(access *cluster.Access, namespace string) *kube.Client {
	client := kube.New(access)
	client.Namespace = namespace
	return client
}

// absentEverything is the client that the SDK gets for its own look at
// objects: it answers 404 without asking. Whether an object exists and whose
// it is turns out when it is applied.
func absentEverything() (rest.Interface, error) {
	config := &rest.Config{
		Host: "http://nowhere.invalid", QPS: -1,
		ContentConfig: rest.ContentConfig{
			GroupVersion:         &corev1.SchemeGroupVersion,
			NegotiatedSerializer: codecs(),
		},
	}
	return rest.RESTClientForConfigAndClient(config, &http.Client{Transport: notFound{}})
}

// IsReachable is answered by the first real request.
func (c *Client) IsReachable() error { return nil }

// KeepPrevious adds objects that an earlier, failed revision may have left.
// What of them is not in the new manifest is deleted.
func (c *Client) KeepPrevious(manifest string) {
	if list, err := c.parse(manifest, true); err == nil {
		c.previous = list
	}
}

// Before tells what the cluster holds before an update, in the place of what
// the SDK believes. Objects of kinds that are no longer served are gone.
func (c *Client) Before(manifest string) error {
	list, err := c.parse(manifest, true)
	c.before = &list
	return err
}

// Get is not used by the actions that we run.
func (c *Client) Get(resources kube.ResourceList, related bool) (map[string][]runtime.Object, error) {
	return c.sdk.Get(resources, related)
}

// GetPodList lists the pods of a hook whose log is wanted.
func (c *Client) GetPodList(namespace string, options metav1.ListOptions) (*corev1.PodList, error) {
	clients, err := c.sdk.Factory.KubernetesClientSet()
	if err != nil {
		return nil, err
	}
	return clients.CoreV1().Pods(namespace).List(c.ctx, options)
}

// OutputContainerLogsForPodList drops the logs: nothing reads them yet.
func (c *Client) OutputContainerLogsForPodList(*corev1.PodList, string, func(_, _, _ string) io.Writer) error {
	return nil
}

// BuildTable is not used by the actions that we run.
func (c *Client) BuildTable(reader io.Reader, validate bool) (kube.ResourceList, error) {
	return c.sdk.BuildTable(reader, validate)
}

// Failure is what went wrong with deleting: the SDK swallows it.
func (c *Client) Failure() error {
	c.deleting.Lock()
	defer c.deleting.Unlock()
	return c.deleteError
}

// lookAgain is asked after a precondition failed. The short pause lets a busy
// controller finish its own write.
func (c *Client) lookAgain(attempt int) error {
	if err := c.StillOurs(c.ctx); err != nil {
		return err
	}
	if attempt == 0 {
		return nil
	}
	return c.pauseFor(time.Duration(attempt) * 20 * time.Millisecond)
}
