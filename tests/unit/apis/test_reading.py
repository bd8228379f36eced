"""What every generation reads in the same way: names, charts, values, annotations, problems."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation
from helmward.model import (
    Commands,
    ReleaseRef,
    RollbackPolicy,
)
from tests.support.declared import IN_REPOSITORY, a_document, read
from tests.support.manifests import manifests

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)


@BOTH
def test_the_default_name_is_namespace_and_name(served: Generation) -> None:
    assert read(served).release == ReleaseRef("shop", "shop-cart")


@BOTH
def test_a_release_name_that_is_given_counts(served: Generation) -> None:
    assert read(served, {"releaseName": "basket"}).release == ReleaseRef("shop", "basket")


@BOTH
@pytest.mark.parametrize("length", [53, 54])
def test_the_default_name_must_suit_helm(length: int, served: Generation) -> None:
    """Nothing is shortened: the user is told which field mends it."""
    problem = read(served, name="x" * (length - len("shop-"))).problem
    assert ("set spec.releaseName" in problem) == (length > 53)
    assert (f"{length} characters" in problem) == (length > 53)


@BOTH
@pytest.mark.parametrize(
    ("name", "fine"),
    [("web", True), ("web.v2", True), ("Web", False), ("web_2", False), ("-web", False)],
)
def test_a_name_that_helm_refuses_is_a_problem(name: str, fine: bool, served: Generation) -> None:
    problem = read(served, {"releaseName": name}).problem
    assert problem.startswith("spec.releaseName: ") != fine


@BOTH
def test_values_are_kept_as_they_were_written(served: Generation) -> None:
    """Big numbers and nulls pass through untouched."""
    values = {"b": 12345678901234567890, "a": None, "c": {"d": [1, "x"]}}
    assert json.loads(read(served, {"values": values}).values) == values


@BOTH
@pytest.mark.parametrize("spec", [{}, {"values": None}])
def test_no_values_are_an_empty_map(spec: dict[str, Any], served: Generation) -> None:
    assert read(served, spec).values == b"{}"


@BOTH
@pytest.mark.parametrize(
    ("given", "seconds"),
    [({}, 300), ({"timeout": 7}, 7), ({"timeout": 0}, 300), ({"timeout": -1}, 300)],
)
def test_timeouts_are_in_seconds_and_leave_time(
    given: dict[str, Any], seconds: int, served: Generation
) -> None:
    """The old operators took 0, and then failed every hook and wait at once."""
    declared = read(served, {**given, "rollback": given})
    assert declared.timeout == timedelta(seconds=seconds)
    assert declared.options.rollback.timeout == timedelta(seconds=seconds)


@BOTH
def test_every_problem_is_told_at_once(served: Generation) -> None:
    spec = {"releaseName": "X", "chart": {}, "valuesFrom": [{}]}
    problem = read(served, spec).problem
    assert [part.partition(":")[0] for part in problem.split("; ")] == [
        "spec.releaseName",
        "spec.chart",
        "spec.valuesFrom[0]",
    ]


@BOTH
def test_what_both_say_of_a_rollback(served: Generation) -> None:
    given = dict.fromkeys(("enable", "force", "recreate", "disableHooks", "wait"), True)
    assert read(served, {"rollback": {**given, "timeout": 9}}).options.rollback == RollbackPolicy(
        enable=True,
        force=True,
        recreate=True,
        disable_hooks=True,
        wait=True,
        timeout=timedelta(seconds=9),
    )
    assert read(served).options.rollback == RollbackPolicy()


@BOTH
def test_force_upgrade(served: Generation) -> None:
    assert read(served, {"forceUpgrade": True}).options.force
    assert not read(served).options.force


COMMANDS: list[tuple[dict[str, str], Commands]] = [
    ({}, Commands()),
    ({"helmward.dev/suspend": "true"}, Commands(suspend=True)),
    ({"helmward.dev/suspend": "false"}, Commands()),
    ({"helmward.dev/volumes": "delete"}, Commands(volumes_may_go=True)),
    ({"helmward.dev/volumes": "keep"}, Commands()),
    ({"helmward.dev/take-ownership": "true"}, Commands(take_ownership=True)),
    ({"reconcile.fluxcd.io/requestedAt": "1"}, Commands(requested_at="1")),
    ({"reconcile.fluxcd.io/forceAt": "2"}, Commands(force_at="2")),
    ({"reconcile.fluxcd.io/resetAt": "3"}, Commands(reset_at="3")),
]


@BOTH
@pytest.mark.parametrize(("annotations", "commands"), COMMANDS)
def test_annotations_are_commands(
    annotations: dict[str, str], commands: Commands, served: Generation
) -> None:
    declared = read(served, annotations=annotations)
    assert (declared.commands, declared.problem) == (commands, "")


@BOTH
@pytest.mark.parametrize(("given", "suspended"), [(True, True), (False, False), (None, False)])
def test_the_spec_may_suspend_as_well(
    given: bool | None, suspended: bool, served: Generation
) -> None:
    assert read(served, {"suspend": given}).commands.suspend == suspended


@BOTH
@pytest.mark.parametrize("name", ["suspend", "volumes", "take-ownership"])
def test_an_annotation_of_ours_with_a_slip_is_a_problem(name: str, served: Generation) -> None:
    """`yes` must not pass as no."""
    declared = read(served, annotations={f"helmward.dev/{name}": "yes"})
    assert declared.commands == Commands()
    assert f'metadata.annotations[helmward.dev/{name}]: "yes" is none of' in declared.problem


@BOTH
def test_a_command_wakes_the_release(served: Generation) -> None:
    before, after = read(served), read(served, annotations={"reconcile.fluxcd.io/forceAt": "1"})
    assert before.asks != after.asks


@BOTH
def test_a_deleted_resource_is_told_by_its_timestamp(served: Generation) -> None:
    assert read(served, deletionTimestamp="2026-01-01T00:00:00Z").deleting


@BOTH
def test_a_resource_without_chart_cannot_be_read(served: Generation) -> None:
    with pytest.raises(msgspec.DecodeError, match="chart"):
        served.decode(b'{"metadata":{"name":"a","namespace":"b"},"spec":{}}')


@BOTH
def test_fields_that_nobody_knows_do_no_harm(served: Generation) -> None:
    spec = {"team": 1, "chart": {**IN_REPOSITORY, "mirror": []}, "rollback": {"notify": {}}}
    assert read(served, spec).problem == ""


PROBLEMS = {
    "half-a-chart": "spec.chart.version: is missing",
    "of-helm-2": "spec.helmVersion: v2 is not served",
}


@BOTH
def test_old_manifests_are_read_without_a_complaint(served: Generation) -> None:
    """Those that did not work for the old operator either are told apart."""
    for document in manifests(served):
        document["metadata"]["namespace"] = "shop"
        name = document["metadata"]["name"]
        declared = served.decode(json.dumps(document).encode())
        assert declared.problem.startswith(PROBLEMS.get(name, "")), name
        assert bool(declared.problem) == (name in PROBLEMS), name


def test_the_manifests_set_every_field_of_a_spec() -> None:
    """A field without a manifest is a field that nobody tried on the API server."""
    for served in GENERATIONS:
        schema = served.crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        specs = [one["spec"] for one in manifests(served)]
        missing = set(_paths(schema["properties"]["spec"])) - _set_in(specs)
        assert not missing


def _paths(schema: dict[str, Any], above: str = "") -> list[str]:
    found: list[str] = []
    inner = schema.get("items", schema)
    for name, field in inner.get("properties", {}).items():
        found += [f"{above}.{name}", *_paths(field, f"{above}.{name}")]
    return found


def _set_in(value: Any, above: str = "") -> set[str]:
    if isinstance(value, list):
        return set().union(*(_set_in(one, above) for one in value))
    if not isinstance(value, dict):
        return set()
    inner = (_set_in(one, f"{above}.{name}") for name, one in value.items())
    return {f"{above}.{name}" for name in value}.union(*inner)


@pytest.mark.parametrize(
    ("served", "key"),
    [(V1BETA1, "flux.weave.works/antecedent"), (V1, "helm.fluxcd.io/antecedent")],
)
def test_objects_are_marked_with_the_generations_own_key(served: Generation, key: str) -> None:
    assert read(served).antecedent == (key, "shop:helmrelease/cart")


def test_the_document_is_one_of_the_generation() -> None:
    assert b"helm.fluxcd.io/v1" in a_document(V1)
