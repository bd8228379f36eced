"""What HelmReleases refer to is watched: an edit acts at once, long before the next check."""

import re
from typing import Any

import aiohttp
import pytest

from helmward.kube.resources import CONFIG_MAPS, SECRETS, Resource
from helmward.releases import role
from tests.e2e.test_checks import serving
from tests.e2e.test_lifecycle import _waits
from tests.support.operator import Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.stories import history, reaches
from tests.support.wait import until

FROM_MAP = [{"configMapKeyRef": {"name": "settings"}}]
FROM_SECRET = [{"secretKeyRef": {"name": "settings"}}]
SOON = 15.0
"""Seconds that are few beside the minute to the next check."""


async def write(
    releases: Releases, text: str, *, name: str = "settings", resource: Resource = CONFIG_MAPS
) -> None:
    """Write values into a ConfigMap or a Secret, whether it is there or not."""
    content = "data" if resource == CONFIG_MAPS else "stringData"
    document = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": releases.namespace},
        content: {"values.yaml": text},
    }
    await releases.kube.apply(document, field_manager="user", resource=resource)


async def becomes(releases: Releases, name: str, colour: str) -> None:
    """Wait until the object of a release has a colour."""

    async def has_colour() -> bool:
        release = f"{releases.namespace}-{name}"
        found, _ = await releases.kube.list(CONFIG_MAPS, releases.namespace)
        ours = [one for one in found if one["metadata"]["name"] == release]
        return any(one["data"]["colour"] == colour for one in ours)

    await until(has_colour, within=SOON)


async def test_an_edited_config_map_is_an_upgrade(operator: Releases) -> None:
    await write(operator, "colour: red")
    await operator.apply("shop", valuesFrom=FROM_MAP)
    await operator.ready("shop")
    await write(operator, "colour: green")
    await becomes(operator, "shop", "green")
    await reaches(operator, f"{operator.namespace}-shop", ["1 superseded", "2 deployed"])


async def test_an_edited_secret_is_an_upgrade(operator: Releases) -> None:
    await write(operator, "colour: red", resource=SECRETS)
    await operator.apply("shop", valuesFrom=FROM_SECRET)
    await operator.ready("shop")
    await write(operator, "colour: green", resource=SECRETS)
    await becomes(operator, "shop", "green")


async def test_two_releases_on_one_config_map(operator: Releases) -> None:
    """Both follow it, and one of them still does when the other is gone."""
    await write(operator, "colour: red")
    for name in ("shop", "cart"):
        await operator.apply(name, valuesFrom=FROM_MAP)
    for name in ("shop", "cart"):
        await operator.ready(name)
    await write(operator, "colour: green")
    for name in ("shop", "cart"):
        await becomes(operator, name, "green")
    await operator.delete("cart")
    await operator.gone("cart")
    await write(operator, "colour: blue")
    await becomes(operator, "shop", "blue")


async def test_a_missing_config_map_installs_as_soon_as_it_is_there(
    plane: Plane, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The back-off of what is missing ends with its coming."""
    monkeypatch.setattr(role, "RETRY_FROM", 120.0)
    async with running(settings_for(plane.kubeconfig)):
        await releases.apply("shop", valuesFrom=FROM_MAP)
        await releases.says("shop", "ValuesUnavailable", "settings: create it")
        await write(releases, "colour: red")
        await becomes(releases, "shop", "red")
        await releases.clear()


async def test_a_broken_text_that_is_mended_is_read_at_once(operator: Releases) -> None:
    """It stalled the HelmRelease until the next check before."""
    await write(operator, "colour: [red")
    await operator.apply("shop", valuesFrom=FROM_MAP)
    await operator.says("shop", "ValuesInvalid", "configMapKeyRef")
    await write(operator, "colour: red")
    await becomes(operator, "shop", "red")


async def test_one_that_is_deleted_is_told_and_the_release_stays(operator: Releases) -> None:
    await write(operator, "colour: red")
    await operator.apply("shop", valuesFrom=FROM_MAP)
    await operator.ready("shop")
    await operator.kube.delete(CONFIG_MAPS, "settings", operator.namespace)
    await operator.says("shop", "ValuesUnavailable", within=SOON)
    assert await history(operator, f"{operator.namespace}-shop") == ["1 deployed"]


async def test_changed_values_end_the_wait_for_the_older_ones(v1: Releases) -> None:
    """What never gets ready is mended where its values are, not at its timeout."""
    release = f"{v1.namespace}-web"
    await write(v1, "{workload: true, pods: {pod: never-ready}}")
    await v1.apply("web", wait=True, timeout=600, valuesFrom=FROM_MAP)
    await until(lambda: _waits(v1, release), within=30)
    await write(v1, "{workload: true}")
    await v1.ready("web", within=60)
    assert "superseded by other values" in await descriptions(v1, release)


async def test_an_equal_text_written_anew_ends_no_wait(v1: Releases) -> None:
    """Somebody annotates the ConfigMap: that makes neither a revision nor a failure."""
    release = f"{v1.namespace}-web"
    await write(v1, "{workload: true, pods: {ready-after: 3s}}")
    await v1.apply("web", wait=True, timeout=600, valuesFrom=FROM_MAP)
    await until(lambda: _waits(v1, release), within=30)
    noted = {"metadata": {"annotations": {"note": "1"}}}
    await v1.kube.patch(CONFIG_MAPS, "settings", v1.namespace, noted)
    await v1.ready("web", within=60)
    assert await history(v1, release) == ["1 deployed"]


async def descriptions(releases: Releases, release: str) -> str:
    return " ".join(one["info"]["description"] for one in await releases.revisions(release))


async def test_an_unrelated_edit_makes_no_turn(plane: Plane, releases: Releases) -> None:
    """Neither of an object that nobody refers to, nor of another HelmRelease's."""
    for name in ("settings", "others"):
        await write(releases, "colour: red", name=name)
    async with serving(plane, releases) as url, aiohttp.ClientSession() as session:
        await releases.apply("shop", valuesFrom=FROM_MAP)
        await releases.apply("cart", valuesFrom=[{"configMapKeyRef": {"name": "others"}}])

        async def turns() -> int:
            async with session.get(f"{url}/metrics") as answer:
                return counted(await answer.text(), f"{releases.namespace}-shop")

        await releases.ready("shop")
        await releases.ready("cart")
        before = await until(turns)
        async with session.get(f"{url}/metrics") as answer:
            assert "helmward_references_watched 2.0" in await answer.text()
        await write(releases, "colour: green", name="nobodys")
        await write(releases, "colour: green", name="others")
        await becomes(releases, "cart", "green")
        assert await turns() == before
        await write(releases, "colour: green")
        await becomes(releases, "shop", "green")
        await until(more_than(turns, before))


def more_than(turns: Any, before: int) -> Any:
    async def more() -> bool:
        return bool(await turns() > before)

    return more


def counted(metrics: str, release: str) -> int:
    """Return how many turns a release has had."""
    name = "flux_helm_operator_release_action_duration_seconds_count"
    lines = re.findall(rf"^{name}\{{(.*)\}} (.*)$", metrics, re.MULTILINE)
    return sum(
        int(float(number))
        for labels, number in lines
        if 'action="sync"' in labels and f'release_name="{release}"' in labels
    )
