"""Many HelmReleases that depend on each other at random, applied and deleted all at once."""

import asyncio
import json
import random
from typing import Any

import pytest

from helmward.kube import Kube, Selection, Start
from helmward.kube.resources import CONFIG_MAPS
from tests.e2e.test_dependencies import on
from tests.support.operator import Releases
from tests.support.stories import history
from tests.support.tasks import running
from tests.support.wait import until

SIZE = 16
STEPS = 3


def a_graph(chance: random.Random) -> dict[str, list[str]]:
    """Return what each depends on; nobody on one that comes later, so that there is no cycle."""
    names = [f"r{at}" for at in range(SIZE)]
    return {
        name: chance.sample(names[:at], chance.randint(0, min(at, STEPS)))
        for at, name in enumerate(names)
    }


async def follow(kube: Kube, namespace: str, story: list[tuple[str, str]]) -> None:
    """Write down which object came and went, in the order of the API server."""
    everything = Selection(CONFIG_MAPS, namespace)
    async for event in kube.watch(everything, Start(initial_events=True)):
        if event.type in {"ADDED", "DELETED"}:
            found: dict[str, Any] = json.loads(bytes(event.object))
            story.append((event.type, found["metadata"]["name"].removeprefix(f"{namespace}-")))


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_the_order_of_the_files(operator: Releases, seed: int) -> None:
    """Nobody is there before what he depends on, and nobody after it has gone."""
    chance = random.Random(seed)  # noqa: S311  # a graph is no secret
    graph, story = a_graph(chance), list[tuple[str, str]]()
    names = chance.sample(list(graph), SIZE)

    def place(event: str, name: str) -> int:
        return story.index((event, name))

    async with running(follow(operator.kube, operator.namespace, story)):
        await asyncio.gather(*(operator.apply(one, dependsOn=on(*graph[one])) for one in names))
        for one in names:
            await operator.ready(one, within=60)
        await asyncio.gather(*(operator.delete(one) for one in names))
        for one in names:
            await operator.gone(one, within=60)
        await until(lambda: len([one for one in story if one[1] in graph]) == 2 * SIZE)
    for name, needed in graph.items():
        for one in needed:
            assert place("ADDED", one) < place("ADDED", name), (name, one)
            assert place("DELETED", name) < place("DELETED", one), (name, one)


async def test_a_forced_upgrade_that_waits_is_made_once(operator: Releases) -> None:
    """And only when all is ready; the token is not lost over the wait."""
    release = f"{operator.namespace}-web"
    await operator.apply("db")
    await operator.apply("web", dependsOn=on("db"))
    await operator.ready("web")
    await operator.apply("db", chart={"version": "9.9.9"})
    await operator.says("db", "ChartNotFound")
    force = {"reconcile.fluxcd.io/requestedAt": "7", "reconcile.fluxcd.io/forceAt": "7"}
    await operator.annotate("web", **force)
    await operator.says("web", "DependencyNotReady")
    await operator.apply("db")
    await operator.ready("web")
    await until(lambda: _served(operator))
    assert await history(operator, release) == ["1 superseded", "2 deployed"]


async def _served(operator: Releases) -> bool:
    return bool((await operator.status("web")).get("lastHandledForceAt") == "7")
