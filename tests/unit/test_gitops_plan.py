"""In which order a commit is applied, and where to."""

import random

import pytest

from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest, build
from helmward.gitops.plan import Plan, make_plan
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
    [step] = make_plan(manifests(an_object("cars.test/v1", "Car")), {}, "team").steps

    assert (step.resource, step.id.namespace) == (None, "")


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
