"""A release that depends on another: how soon after that one's Ready it begins."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final

from bench.collected import Collected
from bench.contest import BREATH
from bench.contestant import BenchFailed
from bench.findings import Depends
from bench.helmward_operator import Helmward, helmward
from bench.loads import NO_PODS
from bench.parts.offers import generation_with
from bench.parts.part import Ask, Skipped
from bench.results import Alone, Verb
from bench.world import NAMESPACE, World, fresh_world
from helmward.kube import PartialObject, decode_partial
from helmward.kube.resources import SECRETS
from helmward.runtime.informer import Informer

FIELD: Final = "dependsOn"
PATIENCE: Final = 30.0


async def depends(ask: Ask, collected: Collected) -> None:
    """Write a dependent first, then its dependency, pair after pair.

    Raises:
        Skipped: HelmReleases have no such field.
    """
    generation = generation_with(FIELD)
    if generation is None:
        raise Skipped(f"HelmReleases have no spec.{FIELD}")
    async with (
        fresh_world(ask.folder, ask.say, NO_PODS) as world,
        helmward(world, resource=generation.resource) as operator,
        _first_writes(world) as begun,
    ):
        took = [await _pair(world, operator, begun, at) for at in range(ask.scale.depends + 1)]
    collected.depends = Depends(Alone(tuple(took[1:])))


async def _pair(
    world: World, operator: Helmward, begun: dict[str, asyncio.Future[float]], number: int
) -> float:
    """Return the seconds from the Ready of one to the first revision of the other.

    Raises:
        BenchFailed: the other did not wait.
    """
    first, second = f"a-{number:02}", f"b-{number:02}"
    values = world.load.values(Verb.INSTALL)
    begun[second] = asyncio.get_running_loop().create_future()
    dependent = operator.declare(second, values, dependsOn=[{"name": first}])
    async with asyncio.timeout(PATIENCE), _meanwhile(dependent):
        await asyncio.sleep(BREATH)
        if begun[second].done():
            raise BenchFailed(f"{second} did not wait for {first}")
        await operator.declare(first, values)
        ready = perf_counter()
        started = await begun[second]
    return max(0.0, started - ready)


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something go on beside the block, and wait for its end after it."""
    task = asyncio.create_task(work)
    try:
        yield
        await task
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def _first_writes(world: World) -> AsyncIterator[dict[str, asyncio.Future[float]]]:
    """Set the future of a release when its first revision is seen."""
    begun: dict[str, asyncio.Future[float]] = {}

    def seen(_: object, _old: PartialObject | None, new: PartialObject | None) -> None:
        name = new.metadata.labels.get("name", "") if new else ""
        if name in begun and not begun[name].done():
            begun[name].set_result(perf_counter())

    informer: Informer[PartialObject] = Informer(
        world.bench,
        SECRETS,
        decode=decode_partial,
        namespace=NAMESPACE,
        label_selector="owner=helm",
        metadata_only=True,
    )
    informer.subscribe(seen)
    watching = asyncio.create_task(informer.run())
    try:
        await informer.synced.wait()
        yield begun
    finally:
        watching.cancel()
        await asyncio.wait({watching})
