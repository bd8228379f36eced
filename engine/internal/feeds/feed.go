package feeds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// retries are quick: somebody waits. The library lists anew after a 410 and
// watches on after a watch has been closed.
var retries = wait.Backoff{
	Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 8, Cap: 5 * time.Second,
}

// feed is one watch and what it told: the store of client-go's reflector.
type feed struct {
	stop      context.CancelFunc
	onRefusal func()

	mu      sync.Mutex
	objects map[string]map[string]*unstructured.Unstructured // by namespace and name
	wanting map[*Interest]struct{}
	synced  bool
	refused error
}

var _ cache.ReflectorStore = (*feed)(nil)

func newFeed(client dynamic.Interface, of key, onRefusal func()) *feed {
	ctx, stop := context.WithCancel(klog.NewContext(context.Background(), logr.Discard()))
	f := &feed{
		stop: stop, onRefusal: onRefusal,
		objects: map[string]map[string]*unstructured.Unstructured{},
		wanting: map[*Interest]struct{}{},
	}
	// Without a namespace it is the whole cluster.
	source := cache.ToListWatcherWithWatchListSemantics(
		f.from(client.Resource(of.resource).Namespace(of.namespace)), client)
	quiet := logr.Discard()
	reflector := cache.NewReflectorWithOptions(source, &unstructured.Unstructured{}, f,
		cache.ReflectorOptions{Name: "feed", Logger: &quiet, Backoff: &retries})
	go reflector.RunWithContext(ctx)
	return f
}

// from notes a refusal on its way: the reflector would ask for ever.
func (f *feed) from(source dynamic.ResourceInterface) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := source.List(ctx, options)
			f.note(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			events, err := source.Watch(ctx, options)
			f.note(err)
			return events, err
		},
	}
}

func (f *feed) note(err error) {
	if !apierrors.IsForbidden(err) {
		return
	}
	f.mu.Lock()
	first := f.refused == nil
	f.refused = err
	f.mu.Unlock()
	f.stop()
	if first {
		f.onRefusal()
	}
}

// Add is told of a new object.
func (f *feed) Add(given any) error { return f.put(given) }

// Update is told of a changed object.
func (f *feed) Update(given any) error { return f.put(given) }

func (f *feed) put(given any) error {
	object, err := trimmed(given)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keep(object)
	f.tell(object)
	return nil
}

// Delete is told of an object that is gone.
func (f *feed) Delete(given any) error {
	object, err := trimmed(given)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects[object.GetNamespace()], object.GetName())
	f.tell(object)
	return nil
}

// Replace is told of all objects there are. Everybody looks: somebody's may
// have gone.
func (f *feed) Replace(given []any, _ string) error {
	objects := make([]*unstructured.Unstructured, 0, len(given))
	for _, one := range given {
		object, err := trimmed(one)
		if err != nil {
			return err
		}
		objects = append(objects, object)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.objects)
	for _, object := range objects {
		f.keep(object)
	}
	f.synced = true
	for interest := range f.wanting {
		interest.wake()
	}
	return nil
}

// Resync is asked for by nobody.
func (f *feed) Resync() error { return nil }

// keep needs f.mu.
func (f *feed) keep(object *unstructured.Unstructured) {
	namespace := f.objects[object.GetNamespace()]
	if namespace == nil {
		namespace = map[string]*unstructured.Unstructured{}
		f.objects[object.GetNamespace()] = namespace
	}
	namespace[object.GetName()] = object
}

// tell needs f.mu.
func (f *feed) tell(object *unstructured.Unstructured) {
	for interest := range f.wanting {
		if interest.Namespace == object.GetNamespace() && interest.About(object) {
			interest.wake()
		}
	}
}

func (f *feed) join(interest *Interest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanting[interest] = struct{}{}
}

func (f *feed) leave(interest *Interest) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.wanting, interest)
	return len(f.wanting)
}

func (f *feed) wanted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.wanting)
}

func (f *feed) interests() []*Interest {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*Interest, 0, len(f.wanting))
	for interest := range f.wanting {
		all = append(all, interest)
	}
	return all
}

func (f *feed) isSynced() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.synced
}

func (f *feed) refusal() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused
}

func (f *feed) get(namespace, name string) *unstructured.Unstructured {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.objects[namespace][name]
}

// in lists a namespace, in the order of names.
func (f *feed) in(namespace string) []*unstructured.Unstructured {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*unstructured.Unstructured, 0, len(f.objects[namespace]))
	for _, object := range f.objects[namespace] {
		all = append(all, object)
	}
	slices.SortFunc(all, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(a.GetName(), b.GetName())
	})
	return all
}

func trimmed(given any) (*unstructured.Unstructured, error) {
	object, known := given.(*unstructured.Unstructured)
	if !known {
		return nil, fmt.Errorf("a watch told of a %T", given)
	}
	trim(object)
	return object, nil
}
