"""What the CRDs say: described for `kubectl explain`, open as the old ones were."""

from collections.abc import Iterator
from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation, gitsync
from helmward.apis.crds import crd_documents
from helmward.apis.v1.phases import PHASES

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)


def schema_of(served: Generation) -> dict[str, Any]:
    schema: dict[str, Any] = version_of(served)["schema"]["openAPIV3Schema"]
    return schema


def version_of(served: Generation) -> dict[str, Any]:
    (version,) = served.crd()["spec"]["versions"]
    found: dict[str, Any] = version
    return found


def nodes(path: str, node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(f"{path}.{name}", child)
    if "items" in node:
        yield from nodes(f"{path}[]", node["items"])


@BOTH
def test_every_field_is_described(served: Generation) -> None:
    """`kubectl explain` is the first manual that users open."""
    for part in ("spec", "status"):
        for path, node in nodes(part, schema_of(served)["properties"][part]):
            assert node.get("description") or path.endswith("[]"), path


@BOTH
def test_every_object_keeps_what_it_does_not_know(served: Generation) -> None:
    """The old definitions kept it, so old manifests have it."""
    for path, node in nodes("", schema_of(served)):
        if node["type"] == "object" and not path.endswith("metadata"):
            assert node.get("x-kubernetes-preserve-unknown-fields"), path


@BOTH
def test_a_field_that_may_be_left_out_may_be_null(served: Generation) -> None:
    """`values:` with nothing below it is null, and no mistake."""
    for path, node in nodes("spec", schema_of(served)["properties"]["spec"]):
        for name, child in node.get("properties", {}).items():
            assert child.get("nullable", False) != (name in node.get("required", ())), path


@BOTH
def test_an_old_definition_that_is_there_is_made_structural(served: Generation) -> None:
    """Old ones carry `preserveUnknownFields: true`, and apply changes only what it names."""
    assert served.crd()["spec"]["preserveUnknownFields"] is False


@pytest.mark.parametrize(("served", "names"), [(V1BETA1, ["hr"]), (V1, ["hr", "hrs"])])
def test_short_names(served: Generation, names: list[str]) -> None:
    assert served.crd()["spec"]["names"]["shortNames"] == names


def test_the_columns_of_v1_begin_as_they_were() -> None:
    columns = version_of(V1)["additionalPrinterColumns"]
    shown = [one["name"] for one in columns if not one.get("priority")]
    assert shown == ["Release", "Phase", "ReleaseStatus", "Message", "Age"]
    assert [one["name"] for one in columns][:5] == shown


def test_v1_leaves_the_form_of_a_chart_to_the_operator() -> None:
    """Its old definition did: what is wrong is told in the status."""
    spec = schema_of(V1)["properties"]["spec"]["properties"]
    assert "required" not in spec["chart"]
    assert "x-kubernetes-validations" not in spec["chart"]
    assert "x-kubernetes-validations" not in spec["valuesFrom"]["items"]


def test_v1beta1_checks_the_form_of_chart_and_sources() -> None:
    spec = schema_of(V1BETA1)["properties"]["spec"]["properties"]
    assert spec["chart"]["x-kubernetes-validations"]
    assert spec["valuesFrom"]["items"]["x-kubernetes-validations"]


def test_phases_are_those_of_helm_operator() -> None:
    status = schema_of(V1)["properties"]["status"]["properties"]
    assert status["phase"]["enum"] == PHASES


def test_every_field_of_a_gitsync_is_described() -> None:
    (version,) = gitsync.crd()["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    for part in ("spec", "status"):
        for path, node in nodes(part, properties[part]):
            assert node.get("description") or path.endswith("[]"), path


def test_the_printed_definitions_are_those_of_all_kinds() -> None:
    names = [one["metadata"]["name"] for one in crd_documents()]
    assert names == [
        "helmreleases.flux.weave.works",
        "helmreleases.helm.fluxcd.io",
        "gitsyncs.helmward.dev",
    ]
