package verbs

import (
	"context"
	"encoding/json"
	"net/http"

	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"helmward.dev/engine/internal/cluster"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/objects"
)

// Install writes revision 1, or the next one over a history that has nothing
// deployed.
func (a *Action) Install() error { return a.finish(a.install()) }

func (a *Action) install() error {
	chart, values, err := a.inputs()
	if err != nil {
		return err
	}
	if a.claim.Base.Revision > 0 {
		if err := a.overFailed(); err != nil {
			return err
		}
	}
	if err := a.beforeCRDs(chart); err != nil {
		return err
	}
	if err := a.checkValues(chart, values, nil); err != nil {
		return err
	}
	config, err := a.configuration()
	if err != nil {
		return err
	}
	options := a.request.GetOptions()
	if options.GetCreateNamespace() {
		a.claim.MakeNamespace = a.makeNamespace
	}
	install := action.NewInstall(config)
	install.ReleaseName = a.request.GetRelease().GetName()
	install.Namespace = a.request.GetRelease().GetNamespace()
	install.Replace = a.claim.Base.Revision > 0
	install.ForceConflicts = options.GetForceConflicts()
	install.TakeOwnership = options.GetTakeOwnership()
	install.DisableHooks = options.GetDisableHooks()
	install.SkipCRDs = options.GetSkipCrds()
	install.SkipSchemaValidation = true // It is done.
	install.DisableOpenAPIValidation = true
	install.Timeout = a.timeout()
	install.WaitStrategy = a.strategy()
	install.Description = a.request.GetDescription()
	_, err = install.RunWithContext(a.rendering, chart, values)
	a.claim.Prune()
	return err
}

func (a *Action) inputs() (*chart.Chart, map[string]any, error) {
	a.progress("rendering", "")
	chart, err := a.chart()
	if err != nil {
		return nil, nil, err
	}
	values, err := readValues(a.request.GetValuesJson())
	if err != nil {
		return nil, nil, err
	}
	a.annotate(chart)
	return chart, values, nil
}

// overFailed reads the revision that an install replaces; what it left behind
// and the chart no longer has is deleted.
func (a *Action) overFailed() error {
	record, err := a.claim.Secrets.Load(a.call.Context(), a.claim.Base)
	if err != nil {
		return err
	}
	status := record.Release.Info.Status
	switch {
	case status.IsPending():
		return failure.New(pb.Failure_CONFLICT, "revision %d is %s: its writer may be alive",
			record.Stamp.Revision, status)
	case status == common.StatusDeployed:
		return failure.New(pb.Failure_INVALID, "revision %d is deployed: a release already exists, upgrade it",
			record.Stamp.Revision)
	}
	a.objects.KeepPrevious(record.Release.Manifest)
	// The SDK installs over failed revisions only.
	record.Release.Info.Status = common.StatusFailed
	a.claim.Know(record, nil)
	return nil
}

// beforeCRDs looks at the history before a chart's crds/ folder is applied,
// which the SDK does before the claim.
func (a *Action) beforeCRDs(chart *chart.Chart) error {
	if a.request.GetOptions().GetSkipCrds() || len(chart.CRDObjects()) == 0 {
		return nil
	}
	stamps, err := a.claim.Secrets.Stamps(a.call.Context())
	if err != nil {
		return err
	}
	return a.claim.CheckBase(stamps)
}

func (a *Action) makeNamespace(ctx context.Context) error {
	name := a.request.GetRelease().GetNamespace()
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": name, "labels": map[string]string{"name": name}},
	})
	if err != nil {
		return err
	}
	err = a.access.Do(ctx, cluster.Request{
		Verb: http.MethodPost, Path: "/api/v1/namespaces", Type: "application/json", Body: body,
		Query: map[string]string{"fieldManager": objects.FieldManager}, Accept: cluster.MetadataOnly,
	}, nil)
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return failure.OfObject(err, "Namespace", name)
}
