package verbs

import (
	"io"
	"log/slog"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"

	"helmward.dev/engine/internal/call"
	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/history"
)

// Template renders a chart as an action would and writes nothing.
func (e *Engine) Template(of *call.Call, request *pb.TemplateRequest) (*pb.TemplateReply, error) {
	a, err := e.Begin(of, &pb.ActionRequest{
		Release: request.GetRelease(), ChartDigest: request.GetChartDigest(),
		ValuesJson: request.GetValuesJson(),
		Options:    &pb.ActionOptions{DisableSchemaValidation: request.GetDisableSchemaValidation()},
	}, func(string, string) {})
	if err != nil {
		return nil, err
	}
	rendered, err := a.template(request)
	if err != nil {
		return nil, a.explain(err)
	}
	return &pb.TemplateReply{Manifest: rendered.Manifest, Notes: rendered.Info.Notes}, nil
}

func (a *Action) template(request *pb.TemplateRequest) (*release.Release, error) {
	chart, values, err := a.inputs()
	if err != nil {
		return nil, err
	}
	if err := a.checkValues(chart, values, nil); err != nil {
		return nil, err
	}
	capabilities, err := a.access.Capabilities(a.call.Context())
	if err != nil {
		return nil, err
	}
	config := action.NewConfiguration(action.ConfigurationSetLogger(slog.DiscardHandler))
	config.RESTClientGetter = a.access
	config.Releases = storage.Init(&history.Claim{})
	config.KubeClient = buildsNothing{a.objects}
	config.Capabilities = capabilities
	install := action.NewInstall(config)
	install.DryRunStrategy = action.DryRunServer
	install.ReleaseName = request.GetRelease().GetName()
	install.Namespace = request.GetRelease().GetNamespace()
	install.IsUpgrade = request.GetIsUpgrade()
	install.SkipCRDs = request.GetSkipCrds()
	install.SkipSchemaValidation = true // It is done.
	install.DisableOpenAPIValidation = true
	rendered, err := install.RunWithContext(a.rendering, chart, values)
	if err != nil {
		return nil, err
	}
	return rendered.(*release.Release), nil
}

// buildsNothing leaves rendered objects as text: their kinds may not exist yet.
type buildsNothing struct{ kube.Interface }

func (buildsNothing) Build(io.Reader, bool) (kube.ResourceList, error) { return nil, nil }
