package verbs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/cli-runtime/pkg/resource"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
	"helmward.dev/engine/internal/history"
)

const (
	testedAnnotation = history.Domain + "tested"
	passed           = "passed"
	failed           = "failed"
)

// Test runs the test hooks of the newest revision, which must be deployed, and
// stores the outcome with it: `failed` also when they took too long, nothing
// when they were cancelled or could not be run.
func (a *Action) Test() error { return a.finish(a.test()) }

func (a *Action) test() error {
	record, err := a.deployedBase()
	if err != nil {
		return err
	}
	verdict := a.runTests(record)
	switch {
	case verdict == nil:
		return a.note(record, passed)
	case failure.Is(verdict, pb.Failure_TEST_FAILED), failure.Is(verdict, pb.Failure_TIMEOUT):
		return errors.Join(a.note(record, failed), verdict)
	default:
		return verdict
	}
}

func (a *Action) deployedBase() (*history.Record, error) {
	ctx := a.call.Context()
	if err := a.claim.Secrets.CheckNewest(ctx, a.claim.Base); err != nil {
		return nil, err
	}
	record, err := a.claim.Secrets.Load(ctx, a.claim.Base)
	if err != nil {
		return nil, err
	}
	if status := record.Release.Info.Status; status != common.StatusDeployed {
		return nil, failure.New(pb.Failure_INVALID, "revision %d is %s: only what is deployed can be tested",
			record.Stamp.Revision, status)
	}
	a.claim.Know(record, record)
	return record, nil
}

// note stores how the tests ended, and how each hook did.
func (a *Action) note(record *history.Record, outcome string) error {
	ctx, done := a.call.Recording()
	defer done()
	annotations := history.ByWriter(a.request.GetAnnotations(), a.request.GetWriter(), a.engine.Instance)
	annotations[testedAnnotation] = outcome
	a.progress("recording", "")
	noted, err := a.claim.Secrets.Note(ctx, record, annotations)
	a.noted = noted
	return err
}

func (a *Action) runTests(record *history.Record) error {
	tests := history.Tests(record.Release)
	if len(tests) == 0 {
		return nil
	}
	runners, err := a.objects.Runners(tests)
	if err != nil {
		return err
	}
	config, err := a.configuration()
	if err != nil {
		return err
	}
	testing := action.NewReleaseTesting(config)
	testing.Namespace = record.Release.Namespace
	testing.Timeout = a.timeout()
	_, shutdown, err := testing.Run(record.Release.Name)
	if err != nil {
		err = a.verdict(tests, err)
	}
	if leftover := shutdown(); leftover != nil && err == nil {
		a.progress("hooks", "a test that passed could not be deleted: "+leftover.Error())
	}
	a.cleanUp(tests, runners)
	return err
}

// verdict says whether tests failed, took too long, or could not be run.
func (a *Action) verdict(tests []*release.Hook, err error) error {
	if inner := below(err); inner != nil {
		err = inner
	}
	known := failure.Of(a.call.Context(), err, pb.Failure_TEST_FAILED)
	kind := pb.Failure_TEST_FAILED
	switch known.Kind {
	case pb.Failure_TEST_FAILED, pb.Failure_HOOK_FAILED, pb.Failure_NOT_READY, pb.Failure_REJECTED:
	case pb.Failure_TIMEOUT:
		kind = known.Kind
	default:
		return known
	}
	at := slices.IndexFunc(tests, func(hook *release.Hook) bool {
		return hook.LastRun.Phase == release.HookPhaseFailed
	})
	if at < 0 {
		return known
	}
	name := tests[at].Kind + "/" + tests[at].Name
	return failure.Blaming(kind, known.Cause, "test %s: %s", name, strings.TrimPrefix(known.Message, name+": "))
}

// below is what a hook failed of.
func below(err error) error {
	var f *failure.Failure
	if errors.As(err, &f) && f.Kind == pb.Failure_HOOK_FAILED {
		return errors.Unwrap(f)
	}
	return nil
}

// cleanUp deletes the tests' pods and jobs where that was asked for, and after
// a call that ended also those that a hook's own policy would have deleted.
func (a *Action) cleanUp(tests []*release.Hook, runners kube.ResourceList) {
	ended := a.call.Context().Err() != nil
	doomed := runners.Filter(func(info *resource.Info) bool {
		return a.request.GetOptions().GetCleanup() || ended && deletedWhenFailed(tests, info)
	})
	ctx, done := a.call.Recording()
	defer done()
	if err := a.objects.CleanUp(ctx, doomed); err != nil {
		a.progress("hooks", fmt.Sprintf("tests could not be cleaned up: %s", err))
	}
}

func deletedWhenFailed(tests []*release.Hook, info *resource.Info) bool {
	return slices.ContainsFunc(tests, func(hook *release.Hook) bool {
		return hook.Name == info.Name && hook.Kind == info.Mapping.GroupVersionKind.Kind &&
			slices.Contains(hook.DeletePolicies, release.HookFailed)
	})
}
