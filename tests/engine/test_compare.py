"""A revision beside what is asked for, and notes on its Secret."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helmward.engine import Comparison, WriterId
from helmward.errors import ChartEvicted, Conflict, SessionLost
from helmward.kube.resources import CONFIG_MAPS
from helmward.model import Base, Chart, Revision
from tests.support.helm import SOON, Helm, config_map

OWNERS = ("helm.fluxcd.io/antecedent", "flux.weave.works/antecedent")
FILES = {"README.md": "read me", "crds/README": "none"}
VALUES = {"service": {"port": 80, "kind": "x"}, "hosts": ["a", "b"], "gone": "here"}
USER = {"service": {"port": 8080}, "password": "hunter2", "ratio": 1.5}


async def compared(
    helm: Helm, revision: Revision, chart: Chart, values: Any = None, *, owners: Any = ()
) -> Comparison:
    """Compare a revision with a chart and values, or a document of them."""
    document = values if isinstance(values, bytes) else json.dumps(values or {}).encode()
    return await helm.engine.compare(
        revision.release, base=revision.base, chart=chart, values=document, owner_annotations=owners
    )


async def published(helm: Helm, **more: Any) -> Chart:
    """Publish the chart that the tests compare with, but for the changes given."""
    text = {"c.yaml": config_map("c"), "d.yaml": config_map("d")} | more.pop("templates", {})
    how: dict[str, Any] = {"files": FILES, "metadata": {"appVersion": "7"}} | more
    return await helm.chart(text, how.pop("values", VALUES), **how)


async def test_the_same_is_the_same(helm: Helm) -> None:
    chart = await published(helm)
    revision = await helm.install(chart, USER)
    for _ in "as it was written", "as it is read":
        answer = await compared(helm, revision, chart, USER)
        assert answer == Comparison(same=True)
        await helm.engine.invalidate(releases=True)


@pytest.mark.parametrize(
    "document",
    [
        b'{"ratio": 15e-1, "service": {"port": 8080.0}, "password": "hunter2"}',
        b'{"password": "hunter2", "service": {"port": 8080}, "ratio": 1.50, "unknown": null}',
    ],
    ids=["numbers and order", "a null over nothing"],
)
async def test_another_writing_of_the_same_values_is_the_same(helm: Helm, document: bytes) -> None:
    chart = await published(helm)
    revision = await helm.install(chart, USER)
    assert (await compared(helm, revision, chart, document)).same


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (USER | {"service": {"port": 8081}}, "values differ at service.port"),
        (USER | {"password": "other"}, "values differ at password"),
        (USER | {"service": {"port": "8080"}}, "values differ at service.port"),
        (USER | {"hosts": ["a", "c"]}, "values differ at hosts"),
        (USER | {"gone": None}, "values differ at gone"),
        ({}, "values differ at password"),
    ],
    ids=["a number", "a text", "a type", "a list", "a null over a default", "all"],
)
async def test_other_values_are_told_by_their_place(helm: Helm, values: Any, says: str) -> None:
    chart = await published(helm)
    revision = await helm.install(chart, USER)
    answer = await compared(helm, revision, chart, values)
    assert (answer.same, answer.difference) == (False, says)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "1.1.0"}, "chart app-1.0.0 -> app-1.1.0"),
        ({"name": "other"}, "chart app-1.0.0 -> other-1.0.0"),
        ({"metadata": {"appVersion": "8"}}, "appVersion 7 -> 8"),
        ({"templates": {"d.yaml": config_map("m")}}, "template templates/d.yaml differs"),
        ({"templates": {"o.yaml": config_map("o")}}, "template templates/o.yaml differs"),
        (
            {"values": VALUES | {"service": {"port": 81, "kind": "x"}}},
            "the chart's default values differ at service.port",
        ),
        (
            {"values": VALUES | {"hosts": ["a", "c"]}},
            "the chart's default values differ at hosts[1]",
        ),
        ({"files": FILES | {"README.md": "read this"}}, "file README.md differs"),
        ({"files": FILES | {"values.schema.json": "{}"}}, "values.schema.json differs"),
    ],
)
async def test_another_chart_is_told_by_what_differs(helm: Helm, change: Any, says: str) -> None:
    revision = await helm.install(await published(helm), USER)
    answer = await compared(helm, revision, await published(helm, **change), USER)
    assert (answer.same, answer.difference) == (False, says)


SUB = {
    "charts/sub/Chart.yaml": "{apiVersion: v2, name: sub, version: 1.0.0}",
    "charts/sub/values.yaml": "{exports: {up: {level: 3}}, inner: 1}",
    "charts/sub/templates/s.yaml": config_map("s", v="{{ .Values.inner }}"),
    "charts/spare/Chart.yaml": "{apiVersion: v2, name: spare, version: 1.0.0}",
}
NEEDS: list[dict[str, Any]] = [
    {"name": "sub", "version": "1.x", "import-values": ["up"]},
    {"name": "spare", "version": "1.x", "condition": "spare.enabled"},
]


async def test_a_chart_with_dependencies_is_the_same_as_itself(helm: Helm) -> None:
    """Stored, it has what it imported and lacks what was switched off."""
    values = {"spare": {"enabled": False}, "sub": {"inner": 2}}
    chart = await published(helm, files=SUB, metadata={"dependencies": NEEDS})
    revision = await helm.install(chart, values)
    for _ in "as it was written", "as it is read":
        assert (await compared(helm, revision, chart, values)).same
        await helm.engine.invalidate(releases=True)


@pytest.mark.parametrize(
    ("files", "needs", "says"),
    [
        (
            {"charts/sub/values.yaml": "{exports: {up: {level: 4}}, inner: 1}"},
            NEEDS,
            "the chart's default values differ at level",
        ),
        ({}, [NEEDS[0] | {"version": ">=1.0.0"}, NEEDS[1]], "dependency sub differs"),
    ],
    ids=["values of a subchart", "a dependency"],
)
async def test_other_dependencies_are_told(helm: Helm, files: Any, needs: Any, says: str) -> None:
    values = {"spare": {"enabled": False}}
    chart = await published(helm, files=SUB, metadata={"dependencies": NEEDS})
    revision = await helm.install(chart, values)
    other = await published(helm, files=SUB | files, metadata={"dependencies": needs})
    assert (await compared(helm, revision, other, values)).difference == says


async def test_a_revision_that_moved_on_is_a_conflict(helm: Helm) -> None:
    """Also where the engine still remembers the one that is asked about."""
    chart = await published(helm)
    first = await helm.install(chart)
    await helm.upgrade(first, chart)
    with pytest.raises(Conflict):
        await compared(helm, first, chart)
    with pytest.raises(Conflict):
        await compared(helm, replace(first, number=9), chart)


async def test_a_chart_that_is_not_in_the_store_is_asked_for(helm: Helm) -> None:
    chart = await published(helm)
    revision = await helm.install(chart)
    with pytest.raises(ChartEvicted):
        await compared(helm, revision, replace(chart, digest="sha256:" + "0" * 64))


async def mark(helm: Helm, name: str, **annotations: str) -> None:
    """Put annotations on a ConfigMap."""
    patch = {"metadata": {"annotations": annotations}}
    await helm.kube.patch(CONFIG_MAPS, name, helm.namespace, patch)


async def test_the_owner_is_what_a_live_object_says(helm: Helm) -> None:
    """Of an object's annotations the one named first; objects that are gone tell nothing."""
    chart = await published(helm)
    revision = await helm.install(chart)
    assert (await compared(helm, revision, chart, owners=OWNERS)).owner == ""
    await mark(helm, "d", **{OWNERS[1]: "old", "other": "x"})
    assert (await compared(helm, revision, chart, owners=OWNERS)).owner == "old"
    assert (await compared(helm, revision, chart)).owner == ""
    await mark(helm, "d", **{OWNERS[0]: "new"})
    assert (await compared(helm, revision, chart, owners=OWNERS)).owner == "new"
    await helm.kube.delete(CONFIG_MAPS, "c", helm.namespace)
    assert (await compared(helm, revision, chart, owners=OWNERS)).owner == "new"


async def test_the_owner_is_looked_for_on_a_few_objects_only(helm: Helm) -> None:
    many = {f"{n:02}.yaml": config_map(f"m{n:02}") for n in range(30)}
    chart = await helm.chart(many)
    revision = await helm.install(chart)
    await mark(helm, "m29", **{OWNERS[0]: "far"})
    before = (await helm.engine.stats()).api_requests
    assert (await compared(helm, revision, chart, owners=OWNERS)).owner == ""
    assert (await helm.engine.stats()).api_requests - before <= 21


async def test_annotations_are_written_and_nothing_else(helm: Helm) -> None:
    chart = await published(helm)
    revision = await helm.install(chart, USER)
    before = await helm.stored(1)
    noted = await helm.engine.annotate(
        revision.release,
        base=revision.base,
        annotations={"helmward.dev/digest": "abc"},
        writer=WriterId("helmward/b", 3),
    )
    after = await helm.stored(1)
    assert after["release"] == before["release"]
    assert after["secret"]["metadata"]["labels"] == before["secret"]["metadata"]["labels"]
    assert noted.resource_version == after["secret"]["metadata"]["resourceVersion"]
    said = {name.removeprefix("helmward.dev/"): text for name, text in noted.annotations.items()}
    assert (said["digest"], said["session"], said["epoch"]) == ("abc", "helmward/b", "3")
    assert (said["instance"], said["chart"]) == (helm.process.instance, "app-1.0.0")
    assert noted.description == "installed by a test"


async def test_annotated_it_is_still_known_without_being_read(helm: Helm) -> None:
    chart = await published(helm)
    revision = await helm.install(chart)
    before = (await helm.engine.stats()).api_requests
    noted = await helm.engine.annotate(
        revision.release, base=revision.base, annotations={"helmward.dev/x": "1"}
    )
    assert (await helm.engine.stats()).api_requests - before == 1
    assert "helmward.dev/session" in noted.annotations
    await helm.upgrade(noted, chart)
    assert await helm.statuses() == ["1 superseded", "2 deployed"]


async def test_nobody_named_changes_no_writer(helm: Helm) -> None:
    """And a revision that another process wrote is read first."""
    chart = await published(helm)
    revision = await helm.engine.install(
        helm.ref(),
        chart=chart,
        values=b"",
        base=Base(),
        why="",
        deadline=SOON,
        writer=WriterId("helmward/a", 1),
    )
    await helm.engine.invalidate(releases=True)
    noted = await helm.engine.annotate(
        revision.release, base=revision.base, annotations={"helmward.dev/x": "1"}
    )
    assert noted.annotations["helmward.dev/session"] == "helmward/a"
    assert noted.chart == "app-1.0.0"


async def test_a_lost_session_annotates_nothing(helm: Helm) -> None:
    revision = await helm.install(await published(helm))
    await helm.engine.renew("helmward/gone", timedelta(0))
    with pytest.raises(SessionLost):
        await helm.engine.annotate(
            revision.release,
            base=revision.base,
            annotations={"helmward.dev/x": "1"},
            writer=WriterId("helmward/gone", 1, valid=SOON),
        )
    assert await helm.engine.get(helm.ref()) == revision


async def test_annotating_what_moved_on_is_a_conflict(helm: Helm) -> None:
    revision = await helm.install(await published(helm))

    async def annotate() -> Revision:
        return await helm.engine.annotate(
            revision.release, base=revision.base, annotations={"helmward.dev/x": "1"}
        )

    noted = await annotate()
    with pytest.raises(Conflict):
        await annotate()
    await helm.uninstall(noted)
    with pytest.raises(Conflict):
        await annotate()
