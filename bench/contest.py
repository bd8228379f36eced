"""Contestants one after the other, each in a world of its own: the same verbs, the same meter."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench.contestant import BenchFailed, Contestant
from bench.floor import floor
from bench.helm_cli import helm_cli
from bench.helmward_operator import helmward
from bench.loads import Load
from bench.results import FLOOR, HELM_CLI, HELMWARD, Alone, Contest, Score, Storm, Verb
from bench.world import World, fresh_world

__all__ = ["CONTESTANTS", "Contested", "contests", "storm"]

Say = Callable[[str], None]

CONTESTANTS: Final = {"floor": FLOOR, "helm": HELM_CLI, "helmward": HELMWARD}
"""In the order of the table: names of the flag, names in the table."""
BREATH: Final = 0.25
"""Seconds between two releases alone, for pods and controllers to catch up."""


@dataclass(frozen=True, slots=True)
class Contested:
    """What each contestant is asked for: storms of some sizes, and releases alone."""

    load: Load
    sizes: Mapping[str, Sequence[int]]
    """Releases of each storm, by contestant, the smallest first."""
    alone: Mapping[str, int]
    """How many releases alone, by contestant; none if it is not named."""

    def releases(self, name: str) -> list[str]:
        """Return all names that a contestant will be asked for."""
        return storm_names(max(self.sizes[name])) + self.one_by_one(name)

    def one_by_one(self, name: str) -> list[str]:
        """Return the releases that are alone; the first warms up and is not counted."""
        return [f"one-{number:03}" for number in range(self.alone.get(name, 0) + 1)]


def storm_names(count: int) -> list[str]:
    """Return the names of so many releases."""
    return [f"web-{number:04}" for number in range(count)]


async def contests(asked: Contested, folder: Path, say: Say) -> list[Contest]:
    """Let the contestants take part one after the other, and return a contest a size.

    Raises:
        BenchFailed: a contestant did not come through.
    """
    scores: dict[int, list[Score]] = {}
    for name in asked.sizes:
        say(f"  {CONTESTANTS[name]}, {asked.load.name}")
        async with (
            fresh_world(folder / name, say, asked.load) as world,
            _contestant(name, world, asked) as contestant,
        ):
            for size, score in (await _scores(contestant, name, world, asked, say)).items():
                scores.setdefault(size, []).append(score)
    return [
        Contest(asked.load.name, asked.load.objects, size, tuple(scores[size]))
        for size in sorted(scores)
    ]


@asynccontextmanager
async def _contestant(name: str, world: World, asked: Contested) -> AsyncIterator[Contestant]:
    entered: dict[str, Callable[[], AbstractAsyncContextManager[Contestant]]] = {
        "floor": partial(floor, world, asked.releases(name)),
        "helm": partial(helm_cli, world),
        "helmward": partial(helmward, world),
    }
    async with entered[name]() as contestant:
        yield contestant


async def _scores(
    contestant: Contestant, name: str, world: World, asked: Contested, say: Say
) -> dict[int, Score]:
    """Take the times alone first: what is started fresh is warm when the storm comes."""
    alone: dict[Verb, Alone] = {}
    found: dict[int, Score] = {}
    await world.idle(contestant.pids)
    for verb in Verb:
        taken = await _alone(contestant, world, verb, asked.one_by_one(name))
        if taken.took:
            alone[verb] = taken
            say(f"    {verb} alone: {1000 * taken.median:.0f} ms")
    for size in asked.sizes[name]:
        storms = {}
        for verb in Verb:
            storms[verb] = await storm(contestant, world, verb, storm_names(size))
            say(f"    {verb} of {size}: {storms[verb].wall:.2f} s")
        found[size] = Score(contestant.name, storms, {} if found else alone)
    return found


async def _alone(
    contestant: Contestant, world: World, verb: Verb, releases: Sequence[str]
) -> Alone:
    took = []
    for name in releases:
        started = time.perf_counter()
        await contestant.perform(verb, name)
        took.append(time.perf_counter() - started)
        await asyncio.sleep(BREATH)
    await world.idle(contestant.pids)
    return Alone(tuple(took[1:]))


async def storm(contestant: Contestant, world: World, verb: Verb, releases: Sequence[str]) -> Storm:
    """Time all releases at once; what is used and asked for counts until all is at rest."""
    mark, used, served = world.audit.mark(), contestant.usage(), world.plane_cpu()
    started = time.perf_counter()
    await everyone(contestant, verb, releases)
    wall = time.perf_counter() - started
    await world.idle(contestant.pids)
    return Storm(
        releases=len(releases),
        wall=wall,
        usage=contestant.usage().since(used),
        requests=world.audit.since(mark),
        plane_cpu={part: cpu - served[part] for part, cpu in world.plane_cpu().items()},
    )


async def everyone(contestant: Contestant, verb: Verb, releases: Sequence[str]) -> None:
    """Ask for all of them at once, and wait until all are done.

    Raises:
        BenchFailed: one did not come through.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for name in releases:
                group.create_task(contestant.perform(verb, name))
    except ExceptionGroup as errors:
        raise BenchFailed(f"{contestant.name}, {verb}: {errors.exceptions[0]}") from errors
