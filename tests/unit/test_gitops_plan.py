"""In which order a commit is applied, and where to."""

import random

import pytest

from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest, build
from helmward.gitops.marks import CHECKSUM, MARK, mark_of
from helmward.gitops.plan import Plan, make_plan
from helmward.gitops.scope import Scope
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, Resource
from tests.support.objects import config_map, crd

KNOWN = {("v1", "ConfigMap"): CONFIG_MAPS, ("v1", "Namespace"): NAMESPACES}


def an_object(api_version: str, kind: str, name: str = "x", namespace: str = "") -> str:
    where = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}{where}}}\n"


def manifests(*texts: str) -> list[Manifest]:
    return build({"a.yaml": "---\n".join(texts).encode()})


def stages(plan: Plan) -> list[list[str]]:
    return [[f"{step.id.kind} {step.id.name}" for step in stage] for stage in plan.stages]


def test_ranks_come_one_after_the_other_and_names_inside() -> None:
    """As Flux has it, whatever the order of the files."""
    texts = [
        an_object("v1", "Namespace", "z"),
        an_object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "b"),
        an_object("rbac.authorization.k8s.io/v1", "ClusterRole", "a"),
        an_object("v1", "Service", "c"),
        an_object("v1", "Secret", "b"),
        an_object("v1", "ConfigMap", "a"),
        an_object("rbac.authorization.k8s.io/v1", "RoleBinding", "c"),
        an_object("apps/v1", "Deployment", "b"),
        an_object("batch/v1", "CronJob", "a"),
        an_object("helm.fluxcd.io/v1", "HelmRelease", "a"),
        an_object("v1", "Pod", "b"),
    ]
    random.Random(7).shuffle(texts)  # noqa: S311 - no secret

    assert stages(make_plan(manifests(*texts), {}, "default")) == [
        ["Namespace z"],
        ["ClusterRole a", "CustomResourceDefinition b", "Service c"],
        ["ConfigMap a", "Secret b", "RoleBinding c"],
        ["CronJob a", "Deployment b"],
        ["HelmRelease a", "Pod b"],
    ]


def test_a_custom_kind_comes_last_whatever_its_name() -> None:
    """Its CRD may be in the same commit."""
    plan = make_plan(
        manifests(an_object("serving.knative.dev/v1", "Service"), config_map("z")), {}, "default"
    )

    assert stages(plan) == [["ConfigMap z"], ["Service x"]]


def test_the_default_namespace_is_for_namespaced_kinds_alone() -> None:
    plan = make_plan(
        manifests(
            an_object("v1", "ConfigMap", "a"),
            an_object("v1", "ConfigMap", "b", "own"),
            an_object("v1", "Namespace", "ns", "stray"),
        ),
        KNOWN,
        "team",
    )
    found = {step.id.name: step for step in plan.steps}

    assert {name: step.id.namespace for name, step in found.items()} == {
        "a": "team",
        "b": "own",
        "ns": "",
    }
    assert found["a"].object["metadata"]["namespace"] == "team"
    assert "namespace" not in found["ns"].object["metadata"]


def test_a_manifest_is_never_changed() -> None:
    """Its parts may be shared with others by an alias."""
    [manifest] = manifests(an_object("v1", "ConfigMap"))
    make_plan([manifest], KNOWN, "team")

    assert "namespace" not in manifest.object["metadata"]


def test_one_object_twice_shows_once_the_namespace_is_filled_in() -> None:
    with pytest.raises(SourceRejected, match=r"a\.yaml:8: ConfigMap team/x is also .* a\.yaml:1"):
        make_plan(manifests(config_map("x"), config_map("x", namespace="team")), KNOWN, "team")


def test_a_cluster_scoped_object_twice_shows_whatever_namespaces_say() -> None:
    with pytest.raises(SourceRejected, match="Namespace x is also defined"):
        make_plan(
            manifests(
                an_object("v1", "Namespace", "x", "a"), an_object("v1", "Namespace", "x", "b")
            ),
            KNOWN,
            "team",
        )


def test_a_kind_of_a_crd_in_the_commit_is_known() -> None:
    """Without asking the cluster, which cannot know it yet."""
    plan = make_plan(
        manifests(
            crd("cars", "Car", "cars.test"),
            crd("roads", "Road", "cars.test", scope="Cluster"),
            an_object("cars.test/v1", "Car"),
            an_object("cars.test/v1", "Road"),
        ),
        {},
        "team",
    )
    found = {step.id.kind: step for step in plan.steps}

    assert found["Car"].resource == Resource("cars.test", "v1", "cars", "Car")
    assert found["Car"].defined_by == "cars.cars.test"
    assert (found["Car"].id.namespace, found["Road"].id.namespace) == ("team", "")


def test_an_unknown_kind_waits_with_what_it_says() -> None:
    """Nobody can say yet whether it has namespaces."""
    plan = make_plan(manifests(an_object("cars.test/v1", "Car")), {}, "team")

    [step] = plan.steps
    assert (step.resource, step.id.namespace, plan.complete) == (None, "", False)
    assert make_plan(manifests(config_map("x")), KNOWN, "team").complete


@pytest.mark.parametrize("spec", ["", "spec: 1", "spec: {versions: [1]}", "spec: {names: x}"])
def test_a_broken_crd_brings_no_kind(spec: str) -> None:
    """The API server will say what is wrong with it."""
    broken = an_object("apiextensions.k8s.io/v1", "CustomResourceDefinition") + spec + "\n"

    assert len(list(make_plan(manifests(broken), {}, "team").steps)) == 1


def test_ignored_objects_are_counted_and_left_out() -> None:
    """They may even be there twice."""
    ignored = config_map("x", extra="  annotations: {fluxcd.io/ignore: 'true'}\n")
    other = config_map("x", namespace="team")

    plan = make_plan(manifests(ignored, other), KNOWN, "team")

    assert ([str(step.id) for step in plan.steps], len(plan.ignored)) == (["ConfigMap team/x"], 1)


def test_fields_of_the_server_are_left_out() -> None:
    extra = "  uid: u\n  resourceVersion: '1'\n  generation: 3\n  labels: {a: b}\n"
    [step] = make_plan(manifests(config_map("x", extra=extra)), KNOWN, "team").steps

    assert step.object["metadata"] == {"name": "x", "labels": {"a": "b"}, "namespace": "team"}


def test_objects_are_marked_with_their_place_in_the_cluster() -> None:
    """The namespace that was filled in counts, as it did for Flux."""
    [step] = make_plan(manifests(config_map("x")), KNOWN, "team", source="src").steps

    metadata = step.object["metadata"]
    assert metadata["labels"] == {MARK: mark_of("src", step.id)}
    assert list(metadata["annotations"]) == [CHECKSUM]


def test_an_object_is_planned_as_it_would_be_stored() -> None:
    """`stringData` is stored as `data`, and kubectl's note of a Secret says all of it."""
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n  annotations:\n    keep: me\n"
        "    kubectl.kubernetes.io/last-applied-configuration: '{}'\n"
        "data: {a: eA==, b: eg==}\nstringData: {b: hello}\n"
    )
    [step] = make_plan(manifests(text), KNOWN, "team").steps

    assert step.object["data"] == {"a": "eA==", "b": "aGVsbG8="}
    assert "stringData" not in step.object
    assert step.object["metadata"]["annotations"] == {"keep": "me"}


def test_a_secret_that_is_wrong_is_left_for_the_api_server() -> None:
    text = an_object("v1", "Secret") + "stringData: {a: 1}\n"

    assert [step.object["stringData"] for step in make_plan(manifests(text), {}, "d").steps] == [
        {"a": 1}
    ]


@pytest.mark.parametrize(
    "annotation",
    [
        "fluxcd.io/ignore: 'true'",
        "flux.weave.works/ignore: 'true'",
        "kustomize.toolkit.fluxcd.io/reconcile: disabled",
        "kustomize.toolkit.fluxcd.io/ssa: Ignore",
        "kustomize.toolkit.fluxcd.io/ssa: ignore",
    ],
)
def test_annotations_of_both_generations_of_flux_leave_an_object_alone(annotation: str) -> None:
    asked = config_map("x", extra=f"  annotations: {{{annotation}}}\n")

    assert list(make_plan(manifests(asked), KNOWN, "team").steps) == []


@pytest.mark.parametrize(
    "annotation",
    [
        "fluxcd.io/ignore: true",
        "fluxcd.io/ignore: sync_only",
        "fluxcd.io/ignore: 'false'",
        "kustomize.toolkit.fluxcd.io/reconcile: enabled",
        "kustomize.toolkit.fluxcd.io/ssa: Override",
        "kustomize.toolkit.fluxcd.io/ssa: Merge",
        "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent",
        "kustomize.toolkit.fluxcd.io/force: enabled",
    ],
)
def test_other_annotations_do_not(annotation: str) -> None:
    """The word has to be a text: Flux took nothing else for it."""
    asked = config_map("x", extra=f"  annotations: {{{annotation}}}\n")

    assert len(list(make_plan(manifests(asked), KNOWN, "team").steps)) == 1


def test_objects_out_of_bounds_are_left_out_and_named() -> None:
    """Of objects of the cluster, only Namespaces of other names are."""
    texts = [
        config_map("in", namespace="team"),
        config_map("out", namespace="other"),
        config_map("default"),
        an_object("v1", "Namespace", "team"),
        an_object("v1", "Namespace", "other"),
        an_object("rbac.authorization.k8s.io/v1", "ClusterRole", "role"),
        an_object("metrics.k8s.io/v1beta1", "NodeMetrics", "m"),
    ]
    scope = Scope(("team",), ("*metrics.k8s.io/*",))

    plan = make_plan(manifests(*texts), KNOWN, "team", scope=scope)

    assert sorted(step.id.name for step in plan.steps) == ["default", "in", "role", "team"]
    bounds = "namespace other is not among the allowed ones (--k8s-allow-namespace)"
    kind = "metrics.k8s.io/v1beta1/NodeMetrics is excluded (--k8s-unsafe-exclude-resource)"
    assert [str(left) for left in plan.left] == [
        f"a.yaml:9: ConfigMap other/out is left out: {bounds}",
        f"a.yaml:28: Namespace other is left out: {bounds}",
        f"a.yaml:36: NodeMetrics.metrics.k8s.io m is left out: {kind}",
    ]


@pytest.mark.parametrize(
    ("glob", "kind", "excluded"),
    [
        ("*metrics.k8s.io/*", ("metrics.k8s.io/v1beta1", "PodMetrics"), True),
        ("*metrics.k8s.io/*", ("custom.metrics.k8s.io/v1", "X"), True),
        ("webhook.certmanager.k8s.io/*", ("webhook.certmanager.k8s.io/v1", "X"), True),
        ("v1/Event", ("v1", "Event"), True),
        ("v1/Event", ("v1", "EventSource"), False),
        ("v1/Event", ("events.k8s.io/v1", "Event"), False),
        ("v1/*", ("apps/v1", "Deployment"), False),
        ("*", ("v1", "Secret"), True),
        ("v1/[E]vent", ("v1", "Event"), False),
    ],
)
def test_a_star_stands_for_anything(glob: str, kind: tuple[str, str], *, excluded: bool) -> None:
    """As in Flux: no other character means anything, and all of the name has to match."""
    assert Scope(excluded=(glob,)).has_kind(*kind) is not excluded
