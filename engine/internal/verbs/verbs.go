// Package verbs runs Helm's actions for one call each: the SDK decides what to
// do in which order; storage, objects and the transport underneath are ours.
package verbs

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/storage"

	"helmward.dev/engine/internal/call"
	"helmward.dev/engine/internal/charts"
	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/feeds"
	"helmward.dev/engine/internal/history"
	"helmward.dev/engine/internal/objects"
)

// Engine is what all calls share.
type Engine struct {
	Instance string
	Cluster  *cluster.Cluster
	Charts   *charts.Source
	Releases *history.Cache
	Versions *objects.Versions
	Feeds    *feeds.Feeds
	Sessions *call.Sessions
	Running  *Running
	// Orphaned says whether the operator has ended; nil when nobody would know.
	Orphaned func() bool
}

// New makes an engine that has not asked anybody anything yet.
func New(instance string, sources charts.Options, of *cluster.Cluster) *Engine {
	return &Engine{
		Instance: instance,
		Cluster:  of,
		Charts:   charts.NewSource(sources),
		Releases: history.NewCache(),
		Versions: objects.NewVersions(),
		Feeds:    feeds.New(of.Following),
		Sessions: call.NewSessions(),
		Running:  NewRunning(),
	}
}

const defaultTimeout = 5 * time.Minute

// Action is one of Install, Upgrade, Rollback, Test, Uninstall on its way.
type Action struct {
	engine  *Engine
	call    *call.Call
	request *pb.ActionRequest
	access  *cluster.Access
	claim   *history.Claim
	objects *objects.Client
	// rendering ends with the call until the claim is written. After that the
	// SDK must not see the call's end: it would go on in the background. The
	// transport stops it instead.
	rendering context.Context
	seal      func() bool
	progress  func(phase, detail string)
	phase     atomic.Value
	// cut are the revisions of an uninstalled release that were cut short.
	cut []history.Stamp
	// noted is the revision that an outcome was stored with.
	noted *history.Record
}

// Begin prepares an action; it has sent no request yet.
func (e *Engine) Begin(of *call.Call, request *pb.ActionRequest, progress func(phase, detail string)) (*Action, error) {
	ref := request.GetRelease()
	if err := checkNames(ref); err != nil {
		return nil, err
	}
	if err := e.Admit(of, request.GetWriter()); err != nil {
		return nil, err
	}
	access, err := e.Cluster.Access(of, ref.GetNamespace())
	if err != nil {
		return nil, err
	}
	a := &Action{engine: e, call: of, request: request, access: access}
	a.progress = func(phase, detail string) {
		a.phase.Store(phase)
		progress(phase, detail)
	}
	rendering, cancel := context.WithCancelCause(context.WithoutCancel(of.Context()))
	a.rendering = rendering
	a.seal = context.AfterFunc(of.Context(), func() { cancel(context.Cause(of.Context())) })
	a.claim = &history.Claim{
		Secrets:    history.Open(access, e.Releases, of.Identity.Key(), ref.GetNamespace(), ref.GetName()),
		Call:       of,
		Base:       history.BaseOf(request.GetBase()),
		Why:        request.GetDescription(),
		MaxHistory: int(request.GetOptions().GetMaxHistory()),
		Before:     a.beforeClaim,
		Orphaned:   e.Orphaned,
	}
	return a, a.prepareObjects()
}

func checkNames(ref *pb.ReleaseRef) error {
	if ref.GetNamespace() == "" {
		return failure.New(pb.Failure_INVALID, "release.namespace is required")
	}
	if err := chartutil.ValidateReleaseName(ref.GetName()); err != nil {
		return failure.New(pb.Failure_INVALID, "release name %q: %w", ref.GetName(), err)
	}
	return nil
}

func (a *Action) prepareObjects() error {
	options := a.request.GetOptions()
	client, err := objects.New(a.call.Context(), a.access, a.engine.Versions, objects.Options{
		Namespace:      a.request.GetRelease().GetNamespace(),
		Release:        a.request.GetRelease().GetName(),
		TakeOwnership:  options.GetTakeOwnership(),
		ForceConflicts: options.GetForceConflicts(),
		Force:          options.GetForce(),
		AnyFields:      options.GetDisableOpenapiValidation(),
		Annotations:    a.request.GetObjectAnnotations(),
		Timeout:        a.timeout(),
	})
	if err != nil {
		return err
	}
	client.Progress = a.progress
	client.StillOurs = a.claim.Stands
	client.Unbroken = a.claim.Broken
	client.Waits = a.waits()
	a.objects = client
	return nil
}

// beforeClaim is the last moment at which the end of the call stops the SDK.
func (a *Action) beforeClaim() error {
	if !a.seal() {
		return context.Cause(a.call.Context())
	}
	a.progress("claiming", "")
	return nil
}

// inventory tells which objects the revision has that this action has applied.
func (a *Action) inventory() map[string]string {
	applied := a.objects.Applied()
	objects, complete := applied.Objects()
	return history.Listed(applied.Kinds(), objects, complete)
}

func (a *Action) annotate(of *chart.Chart) {
	name := ""
	if of != nil {
		name = of.Name() + "-" + of.Metadata.Version
	}
	a.claim.Annotations = history.Annotations(a.request.GetAnnotations(), a.request.GetWriter(),
		a.engine.Instance, name, a.call.Deadline)
	a.claim.Inventory = a.inventory
	if a.request.GetOptions().GetStamp() {
		a.objects.Stamp = a.stamp()
	}
}

// configuration is the SDK's; it is never shared between calls.
func (a *Action) configuration() (*action.Configuration, error) {
	capabilities, err := a.access.Capabilities(a.call.Context())
	if err != nil {
		return nil, err
	}
	config := action.NewConfiguration(action.ConfigurationSetLogger(slog.DiscardHandler))
	config.RESTClientGetter = a.access
	config.Releases = storage.Init(a.claim)
	config.KubeClient = a.objects
	config.Capabilities = capabilities
	config.HookOutputFunc = func(_, _, _ string) io.Writer { return io.Discard }
	return config, nil
}

func (a *Action) chart() (*chart.Chart, error) {
	digest := a.request.GetChartDigest()
	found := a.engine.Charts.Get(digest)
	if found == nil {
		return nil, failure.New(pb.Failure_CHART_UNKNOWN, "chart %s is not in the store: pull it again", digest)
	}
	return found, nil
}

func (a *Action) timeout() time.Duration {
	asked := time.Duration(a.request.GetOptions().GetTimeoutMs()) * time.Millisecond
	if asked <= 0 {
		asked = defaultTimeout
	}
	return asked
}

func (a *Action) strategy() kube.WaitStrategy {
	if a.request.GetOptions().GetWait() {
		return kube.StatusWatcherStrategy
	}
	return kube.HookOnlyStrategy
}

// Revision is what storage holds of this action; nil when it wrote nothing.
func (a *Action) Revision() *pb.Revision {
	if a.noted != nil {
		return a.noted.Message()
	}
	if written := a.claim.Written(); written != nil {
		return written.Message()
	}
	return nil
}

// finish gives an action's errors their kind.
func (a *Action) finish(err error) error {
	if broken := a.claim.Broken(); broken != nil && (err == nil || a.call.Context().Err() == nil) {
		err = broken
	}
	if err == nil {
		return nil
	}
	return a.explain(err)
}

// History opens a release's history for one call.
func (e *Engine) History(of *call.Call, ref *pb.ReleaseRef) (*history.Secrets, error) {
	if err := checkNames(ref); err != nil {
		return nil, err
	}
	access, err := e.Cluster.Access(of, ref.GetNamespace())
	if err != nil {
		return nil, err
	}
	return history.Open(access, e.Releases, of.Identity.Key(), ref.GetNamespace(), ref.GetName()), nil
}
