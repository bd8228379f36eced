"""One run: every contestant in a world of its own, the same verbs, the same meter."""

import asyncio
import os
import platform
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import helmward as package
from bench.contestant import BenchFailed, Contestant
from bench.floor import floor
from bench.helm_cli import helm_cli
from bench.helmward_operator import helmward
from bench.results import (
    FLOOR,
    HELM_CLI,
    HELMWARD,
    Alone,
    Machine,
    Results,
    Score,
    Storm,
    Verb,
)
from bench.world import World, fresh_world

__all__ = ["CONTESTANTS", "BenchFailed", "Plan", "run"]

ROOT: Final = Path(__file__).resolve().parent.parent
Say = Callable[[str], None]

CONTESTANTS: Final = {"floor": FLOOR, "helm": HELM_CLI, "helmward": HELMWARD}
"""In the order of the table: names of `--only`, names in the table."""
BREATH: Final = 0.25
"""Seconds between two releases alone, for pods and controllers to catch up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run measures."""

    releases: int
    alone: int
    contestants: tuple[str, ...]
    profile: Path | None = None

    @property
    def all_at_once(self) -> list[str]:
        """Releases of the storm."""
        return [f"web-{number:03}" for number in range(self.releases)]

    @property
    def one_by_one(self) -> list[str]:
        """Releases that are alone; the first warms up and is not counted."""
        return [f"one-{number:03}" for number in range(self.alone + 1)]


async def run(plan: Plan, folder: Path, *, say: Say) -> Results:
    """Let the contestants take part one after the other, and return all figures.

    Raises:
        BenchFailed: a contestant did not come through.
    """
    scores, kubernetes = [], ""
    for name in plan.contestants:
        say(CONTESTANTS[name])
        async with fresh_world(folder / name, say) as world:
            kubernetes = world.plane.version
            async with _contestant(name, world, plan) as contestant:
                scores.append(await _score(contestant, world, plan, say))
    return Results(_machine(kubernetes), plan.releases, tuple(scores))


@asynccontextmanager
async def _contestant(name: str, world: World, plan: Plan) -> AsyncIterator[Contestant]:
    releases = plan.all_at_once + plan.one_by_one
    entered: dict[str, Callable[[], AbstractAsyncContextManager[Contestant]]] = {
        "floor": partial(floor, world, releases),
        "helm": partial(helm_cli, world),
        "helmward": partial(helmward, world, profile=plan.profile),
    }
    async with entered[name]() as contestant:
        yield contestant


async def _score(contestant: Contestant, world: World, plan: Plan, say: Say) -> Score:
    """Take the times alone first: what is started fresh is warm when the storm comes."""
    alone, storms = {}, {}
    await world.idle(contestant.pids)
    for verb in Verb:
        alone[verb] = await _alone(contestant, world, verb, plan.one_by_one)
        say(f"  {verb} alone: {1000 * alone[verb].median:.0f} ms")
    for verb in Verb:
        storms[verb] = await _storm(contestant, world, verb, plan.all_at_once)
        say(f"  {verb} of {plan.releases}: {storms[verb].wall:.2f} s")
    return Score(contestant.name, storms, alone)


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


async def _storm(
    contestant: Contestant, world: World, verb: Verb, releases: Sequence[str]
) -> Storm:
    """Time all releases at once; what is used and asked for counts until all is at rest."""
    mark, used, served = world.audit.mark(), contestant.usage(), world.plane_cpu()
    started = time.perf_counter()
    await _all(contestant, verb, releases)
    wall = time.perf_counter() - started
    await world.idle(contestant.pids)
    return Storm(
        releases=len(releases),
        wall=wall,
        usage=contestant.usage().since(used),
        requests=world.audit.since(mark),
        plane_cpu={part: cpu - served[part] for part, cpu in world.plane_cpu().items()},
    )


async def _all(contestant: Contestant, verb: Verb, releases: Sequence[str]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for name in releases:
                group.create_task(contestant.perform(verb, name))
    except ExceptionGroup as errors:
        raise BenchFailed(f"{contestant.name}, {verb}: {errors.exceptions[0]}") from errors


def _machine(kubernetes: str) -> Machine:
    return Machine(
        cores=os.cpu_count() or 0,
        memory_gb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        processor=_processor(),
        python=platform.python_version(),
        helmward=package.__version__,
        helm_sdk=_required("helm.sh/helm/v4"),
        kubernetes=kubernetes,
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _required(module: str) -> str:
    """Return the version of a Go module that the engine, and so `helm`, is built from."""
    lines = (ROOT / "engine" / "go.mod").read_text().splitlines()
    found = (line.split()[1] for line in lines if line.split()[:1] == [module])
    return next(found, "unknown")
