"""What one more release costs, the more there are: in one namespace, and over many."""

from bench.collected import Collected
from bench.contest import everyone, storm, storm_names
from bench.findings import Growth, Step
from bench.helmward_operator import Helmward, helmward
from bench.loads import NO_PODS
from bench.parts.part import Ask
from bench.results import Verb
from bench.world import NAMESPACE, World, fresh_world
from helmward.kube.resources import NAMESPACES


async def growth(ask: Ask, collected: Collected) -> None:
    """Grow in the one namespace of the world."""
    collected.growth.append(await _grown(ask, (NAMESPACE,)))


async def spread(ask: Ask, collected: Collected) -> None:
    """Grow over many namespaces."""
    many = tuple(f"{NAMESPACE}-{number:02}" for number in range(ask.scale.spread))
    collected.growth.append(await _grown(ask, many))


async def _grown(ask: Ask, namespaces: tuple[str, ...]) -> Growth:
    async with fresh_world(ask.folder, ask.say, NO_PODS) as world:
        for name in set(namespaces) - {NAMESPACE}:
            await world.bench.create(NAMESPACES, {"metadata": {"name": name}})
        async with helmward(world) as operator:
            names = spread_names(max(ask.scale.steps), namespaces)
            steps = await _steps(ask, world, operator, names)
    return Growth(len(namespaces), steps)


def spread_names(count: int, namespaces: tuple[str, ...]) -> list[str]:
    """Return the places of so many releases, one namespace after the other in turn."""
    names = storm_names(count)
    return [f"{namespaces[at % len(namespaces)]}/{name}" for at, name in enumerate(names)]


async def _steps(ask: Ask, world: World, operator: Helmward, names: list[str]) -> tuple[Step, ...]:
    steps, there = [], 0
    for step in ask.scale.steps:
        first = step - ask.scale.batch
        await everyone(operator, Verb.INSTALL, names[there:first])
        await world.idle(operator.pids)
        measured = await storm(operator, world, Verb.INSTALL, names[first:step])
        ask.say(f"    {ask.scale.batch} of {step}: {measured.wall:.2f} s")
        steps.append(Step(step, measured))
        there = step
    return tuple(steps)
