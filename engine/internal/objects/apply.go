package objects

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

const (
	atOnce     = 6
	mostLooks  = 6
	impossible = "1"
	tellEvery  = 200 * time.Millisecond
)

// Create is called by the SDK for a release's objects at install, for hooks
// and for CRDs of a chart's crds/ folder.
func (c *Client) Create(resources kube.ResourceList, _ ...kube.ClientCreateOption) (_ *kube.Result, err error) {
	defer rescue(&err)
	if len(resources) == 0 {
		return &kube.Result{}, nil
	}
	switch {
	case isHook(resources[0]):
		return c.createHook(resources)
	case !isReleaseObject(resources[0]):
		return c.createBare(resources)
	}
	return c.bring(nil, resources, false)
}

// Update is called by the SDK for a release's objects at upgrade and rollback.
func (c *Client) Update(originals, targets kube.ResourceList, _ ...kube.ClientUpdateOption) (result *kube.Result, err error) {
	defer func() {
		if result == nil {
			result = &kube.Result{}
		}
	}()
	defer rescue(&err)
	if c.before != nil {
		originals = *c.before
	}
	if result, err = c.bring(originals, targets, true); err != nil || !c.Recreate {
		return result, err
	}
	return result, c.restart(result.Updated)
}

// bring applies the targets and deletes what of the originals is left.
func (c *Client) bring(originals, targets kube.ResourceList, updating bool) (*kube.Result, error) {
	trusted := originals
	if !c.TrustOriginals {
		trusted = nil
	}
	for _, info := range c.previous {
		if !originals.Contains(info) {
			originals = append(originals, info)
		}
	}
	c.applied.Store(NewInventory(targets))
	result := &kube.Result{}
	run := &application{
		client: c, total: len(targets), originals: originals, trusted: trusted, updating: updating,
		result: result,
	}
	if err := run.all(targets); err != nil {
		return result, err
	}
	leftover := originals.Difference(targets)
	deleted, err := c.removeAll(leftover)
	result.Deleted = deleted
	return result, err
}

// application is one walk over the targets.
type application struct {
	client    *Client
	originals kube.ResourceList
	trusted   kube.ResourceList
	updating  bool
	total     int
	done      atomic.Int32
	halted    atomic.Bool
	told      time.Time

	mu       sync.Mutex
	result   *kube.Result
	errs     []error
	notOwned []string
}

// all applies kind after kind in Helm's order, several objects of one kind at
// once. What the API server has against one object keeps it, as in Helm, only
// then from the others when an update cannot create what is new.
func (a *application) all(targets kube.ResourceList) error {
	for start := 0; start < len(targets) && !a.halted.Load(); {
		end := start + sameKind(targets[start:])
		a.each(targets[start:end], a.one)
		if len(a.notOwned) > 0 {
			a.each(targets[end:], a.lookOnly)
			a.errs = append(a.errs, notOwned(a.notOwned))
			break
		}
		start = end
	}
	return errors.Join(a.errs...)
}

// sameKind counts how many targets from the first on are applied at once: all
// of its kind, up to one that is among them twice. The last of those stays.
func sameKind(targets kube.ResourceList) int {
	met := map[string]bool{}
	for i, info := range targets {
		if info.Mapping.GroupVersionKind != targets[0].Mapping.GroupVersionKind || met[key(info)] {
			return i
		}
		met[key(info)] = true
	}
	return len(targets)
}

func (a *application) each(targets kube.ResourceList, do func(*resource.Info) error) {
	together(targets, func(_ int, info *resource.Info) {
		if err := guarded(do, info); err != nil {
			a.mu.Lock()
			a.errs = append(a.errs, err)
			a.mu.Unlock()
		}
	})
}

// together does something with several objects at once.
func together(list kube.ResourceList, do func(at int, info *resource.Info)) {
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for at, info := range list {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			do(at, info)
		})
	}
	group.Wait()
}

func (a *application) one(info *resource.Info) error {
	c := a.client
	existed, err := c.apply(info, a.originals.Contains(info), a.trusted.Contains(info))
	var foreign *foreignError
	if errors.As(err, &foreign) {
		a.mu.Lock()
		a.notOwned = append(a.notOwned, foreign.Error())
		a.mu.Unlock()
		return nil
	}
	if err != nil {
		if !isRefusal(err) || a.updating && !existed {
			a.halted.Store(true)
		}
		return told(err, info)
	}
	a.mu.Lock()
	if existed {
		a.result.Updated = append(a.result.Updated, info)
	} else {
		a.result.Created = append(a.result.Created, info)
	}
	a.mu.Unlock()
	a.tell(info)
	return nil
}

// isRefusal says whether the API server has something against this object: it
// may still take the next one.
func isRefusal(err error) bool {
	var kept *spared
	if errors.As(err, &kept) {
		return true
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || failure.IsVersionConflict(err) || isNamespaceGone(err) {
		return false
	}
	code := status.Status().Code
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError &&
		code != http.StatusUnauthorized && code != http.StatusTooManyRequests
}

// tell says how far it has come, but not after each of a dozen quick objects:
// a word costs both sides as much as a small request.
func (a *application) tell(info *resource.Info) {
	count := a.done.Add(1)
	a.mu.Lock()
	due := time.Since(a.told) >= tellEvery
	if due {
		a.told = time.Now()
	}
	a.mu.Unlock()
	if due {
		a.client.Progress("applying", fmt.Sprintf("%d/%d %s/%s", count, a.total,
			info.Mapping.GroupVersionKind.Kind, info.Name))
	}
}

// apply writes one object: at the version it is known to have, else as a new
// one where it should be new, else after a look.
func (c *Client) apply(info *resource.Info, original, trusted bool) (existed bool, err error) {
	if info.Name == "" {
		return false, c.applyNameless(info)
	}
	at := c.expected(info)
	look := original && at == (version{})
	for attempt := range mostLooks {
		if look {
			if at, err = c.look(info, trusted); err != nil {
				return true, err
			}
		}
		err = c.patch(info, at)
		if err != nil && !failure.IsQuotaConflict(err) && !failure.IsVersionConflict(err) {
			err = c.overcome(info, at, err)
		}
		switch {
		case err == nil:
			return at != version{}, nil
		case errors.Is(err, errReplaced):
			return false, c.patch(info, version{})
		case failure.IsQuotaConflict(err):
		case !failure.IsVersionConflict(err):
			return at != version{}, err
		}
		if again := c.lookAgain(attempt); again != nil {
			return true, again
		}
		look = true
	}
	return true, err
}

// overcome does against a refusal what the options allow. It gives nil where the
// object is applied after all.
func (c *Client) overcome(info *resource.Info, at version, refused error) error {
	if err := c.withoutUnknown(info, at, refused); err != nil {
		refused = err
	} else if refused = c.patch(info, at); refused == nil {
		return nil
	}
	return c.replace(info, at, refused)
}

// patch applies an object at exactly the version given; none means that it
// must not exist. A resourceVersion that cannot be makes the server answer 409
// if it does, and create the object, as applied by us, if it does not. Force is
// harmless there, and without it the 409 would be about others' fields.
func (c *Client) patch(info *resource.Info, at version) error {
	object := c.dressed(info)
	c.stamp(object)
	return c.send(info, object, at)
}

// send applies an object and remembers its version.
func (c *Client) send(info *resource.Info, object *unstructured.Unstructured, at version) error {
	request, err := c.application(info, object, at)
	if err != nil {
		return err
	}
	reply := &metav1.PartialObjectMetadata{}
	if err := c.access.Do(c.ctx, request, reply); err != nil {
		return err
	}
	c.remember(info, reply)
	return nil
}

// application is the request that applies an object at a version.
func (c *Client) application(info *resource.Info, object *unstructured.Unstructured, at version) (cluster.Request, error) {
	object.SetManagedFields(nil)
	if at == (version{}) {
		object.SetResourceVersion(impossible)
	} else {
		object.SetUID(typesUID(at.uid))
		object.SetResourceVersion(at.resourceVersion)
	}
	body, err := json.Marshal(object.Object)
	return cluster.Request{
		Verb: http.MethodPatch, Path: path(info), Type: "application/apply-patch+yaml", Body: body,
		Query: map[string]string{
			"fieldManager":    FieldManager,
			"fieldValidation": c.validation(),
			"force":           strconv.FormatBool(c.ForceConflicts || at == version{}),
		},
		Accept: cluster.MetadataOnly,
	}, err
}

// applyNameless creates a hook whose name the server chooses. Nothing else can
// be without a name: no revision would find again what it made.
func (c *Client) applyNameless(info *resource.Info) error {
	if !isHook(info) {
		return errNameless
	}
	return c.post(info)
}

// post creates an object whose name the server chooses.
func (c *Client) post(info *resource.Info) error {
	body, err := json.Marshal(c.dressed(info).Object)
	if err != nil {
		return err
	}
	reply := &metav1.PartialObjectMetadata{}
	err = c.access.Do(c.ctx, cluster.Request{
		Verb: http.MethodPost, Path: path(info), Type: "application/json", Body: body,
		Query:  map[string]string{"fieldManager": FieldManager, "fieldValidation": c.validation()},
		Accept: cluster.MetadataOnly,
	}, reply)
	if err == nil {
		info.Name = reply.Name
		info.Object.(*unstructured.Unstructured).SetName(reply.Name)
	}
	return err
}

func path(info *resource.Info) string {
	return cluster.Path(info.Mapping, info.Namespace, info.Name)
}

func (c *Client) remember(info *resource.Info, reply *metav1.PartialObjectMetadata) {
	at := version{string(reply.UID), reply.ResourceVersion}
	c.versions.put(c.release(), key(info), at)
	info.ResourceVersion = reply.ResourceVersion
	if isReleaseObject(info) {
		c.Applied().Note(info, reply.ManagedFields)
	}
	if info.Mapping.GroupVersionKind.Kind == "CustomResourceDefinition" {
		c.hasNewKinds.Store(true)
	}
}

// createHook applies a hook, over what a former run may have left.
func (c *Client) createHook(resources kube.ResourceList) (*kube.Result, error) {
	for _, info := range resources {
		c.Progress("hooks", hookName(info))
		_, absent := c.knownAbsent.LoadAndDelete(key(info))
		_, err := c.apply(info, !absent, true)
		if c.Uninstalling && isNamespaceGone(err) {
			c.namespaceGone.Store(true)
			return &kube.Result{}, nil
		}
		if err != nil {
			return nil, hookFailed(info, failure.OfObject(err, info.Mapping.GroupVersionKind.Kind, info.Name))
		}
	}
	return &kube.Result{Created: resources}, nil
}

// isNamespaceGone says that nothing new can be made in a namespace.
func isNamespaceGone(err error) bool {
	return failure.IsAbout(err, pb.Failure_NAMESPACE_TERMINATING, pb.Failure_NAMESPACE_NOT_FOUND)
}

// createBare creates what no release owns, CRDs of a crds/ folder. The SDK
// takes "already exists" as success.
func (c *Client) createBare(resources kube.ResourceList) (*kube.Result, error) {
	for _, info := range resources {
		err := c.patch(info, version{})
		if failure.IsVersionConflict(err) {
			return nil, apierrors.NewAlreadyExists(info.Mapping.Resource.GroupResource(), info.Name)
		}
		if err != nil {
			return nil, failure.OfObject(err, info.Mapping.GroupVersionKind.Kind, info.Name)
		}
	}
	return &kube.Result{Created: resources}, nil
}

func notOwned(objects []string) error {
	sorted := sortedCopy(objects)
	return failure.New(pb.Failure_NOT_OWNED, "%d object(s) exist that are not this release's: %s",
		len(sorted), join(sorted))
}
