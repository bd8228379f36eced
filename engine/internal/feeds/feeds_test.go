package feeds

import (
	"fmt"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"helmward.dev/engine/internal/call"
)

var pods = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

func pod(namespace, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"namespace": namespace, "name": name, "managedFields": []any{map[string]any{"manager": "m"}},
		},
		"spec": map[string]any{
			"nodeName": "n", "volumes": []any{},
			"containers": []any{map[string]any{"name": "c", "image": "i", "env": []any{"secret"}}},
		},
	}}
}

// cluster is a fake API server that may forbid lists of the whole.
type cluster struct {
	client *fake.FakeDynamicClient
	feeds  *Feeds

	mu     sync.Mutex
	forbid func(namespace string) bool
	lists  map[string]int
}

func newCluster(t *testing.T, objects ...runtime.Object) *cluster {
	t.Helper()
	kinds := map[schema.GroupVersionResource]string{pods: "PodList"}
	c := &cluster{
		client: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, objects...),
		forbid: func(string) bool { return false }, lists: map[string]int{},
	}
	c.client.PrependReactor("list", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lists[action.GetNamespace()]++
		if c.forbid(action.GetNamespace()) {
			return true, nil, apierrors.NewForbidden(pods.GroupResource(), "", nil)
		}
		return false, nil, nil
	})
	c.feeds = New(func(call.Identity) (dynamic.Interface, error) { return c.client, nil })
	return c
}

func (c *cluster) follow(t *testing.T, user, namespace string) (*Interest, chan struct{}) {
	t.Helper()
	wake := make(chan struct{}, 1)
	interest, err := c.feeds.Follow(Wish{
		Identity: call.Identity{User: user}, Resource: pods, Namespace: namespace, Wake: wake,
		About: func(object *unstructured.Unstructured) bool { return object.GetName() == "p" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return interest, wake
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

func TestWaitsOfOneIdentityShareAWatch(t *testing.T) {
	c := newCluster(t, pod("a", "p"), pod("a", "q"))
	var all []*Interest
	for range 100 {
		interest, _ := c.follow(t, "one", "a")
		all = append(all, interest)
	}
	c.follow(t, "two", "a")
	if count := c.feeds.Len(); count != 2 {
		t.Errorf("%d watches", count)
	}
	for _, interest := range all {
		until(t, "the pod", func() bool { return interest.Get("p") != nil })
	}
	var seen []string
	all[0].Each(func(object *unstructured.Unstructured) { seen = append(seen, object.GetName()) })
	if fmt.Sprint(seen) != "[p]" {
		t.Errorf("told of %v", seen)
	}
}

func TestOnlyItsOwnNewsWakes(t *testing.T) {
	c := newCluster(t)
	interest, wake := c.follow(t, "one", "a")
	until(t, "the first list", interest.Synced)
	<-wake
	for _, name := range []string{"q", "p"} {
		if err := c.client.Tracker().Add(pod("a", name)); err != nil {
			t.Fatal(err)
		}
	}
	<-wake
	until(t, "the pod", func() bool { return interest.Get("p") != nil })
	if err := c.client.Tracker().Delete(pods, "a", "p"); err != nil {
		t.Fatal(err)
	}
	until(t, "its end", func() bool { return interest.Get("p") == nil })
}

func TestWhatNoWaitLooksAtIsNotKept(t *testing.T) {
	object := pod("a", "p")
	trim(object)
	if object.GetManagedFields() != nil {
		t.Error("managed fields are kept")
	}
	want := "map[containers:[map[image:i name:c]] nodeName:n]"
	if found := fmt.Sprint(object.Object["spec"]); found != want {
		t.Errorf("kept %s", found)
	}
}

func TestManyNamespacesGetOneWatch(t *testing.T) {
	c := newCluster(t, pod("n20", "p"))
	var last *Interest
	for number := range 21 {
		last, _ = c.follow(t, "one", fmt.Sprintf("n%d", number))
	}
	if count := c.feeds.Len(); count != wideFrom+1 {
		t.Errorf("%d watches", count)
	}
	until(t, "the pod", func() bool { return last.Get("p") != nil })
}

func TestWhoMayNotSeeTheWholeSeesHisNamespaces(t *testing.T) {
	c := newCluster(t, pod("n9", "p"), pod("n10", "p"))
	c.forbid = func(namespace string) bool { return namespace == "" }
	var all []*Interest
	for number := range 11 {
		interest, _ := c.follow(t, "one", fmt.Sprintf("n%d", number))
		all = append(all, interest)
	}
	for _, interest := range all[9:] {
		until(t, "the pod", func() bool { return interest.Get("p") != nil })
		if interest.Refusal() != nil {
			t.Error("refused")
		}
	}
	later, _ := c.follow(t, "one", "n11")
	until(t, "the list", later.Synced)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lists[""] != 1 {
		t.Errorf("the whole was asked for %d times", c.lists[""])
	}
}

func TestARefusalIsToldAndAskedForOnce(t *testing.T) {
	c := newCluster(t)
	c.forbid = func(string) bool { return true }
	interest, wake := c.follow(t, "one", "a")
	<-wake
	until(t, "the refusal", func() bool { return interest.Refusal() != nil })
	second, _ := c.follow(t, "one", "a")
	if second.Refusal() == nil {
		t.Error("the second has hope")
	}
	if c.lists["a"] != 1 {
		t.Errorf("asked %d times", c.lists["a"])
	}
}

func TestAWatchEndsAWhileAfterTheLastWait(t *testing.T) {
	c := newCluster(t)
	first, _ := c.follow(t, "one", "a")
	second, _ := c.follow(t, "one", "a")
	first.Close()
	c.feeds.dropUnused(second.current())
	if c.feeds.Len() != 1 {
		t.Error("it ended while it was wanted")
	}
	unused := second.current()
	second.Close()
	if c.feeds.Len() != 1 {
		t.Error("it ended at once")
	}
	c.feeds.dropUnused(unused)
	if c.feeds.Len() != 0 {
		t.Error("it goes on")
	}
}
