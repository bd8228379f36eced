"""Many releases, and nothing that changes: what a minute costs."""

import asyncio

from bench.collected import Collected
from bench.contest import everyone, storm_names
from bench.findings import Idle
from bench.helmward_operator import Helmward, helmward
from bench.loads import NO_PODS
from bench.parts.part import Ask
from bench.results import Verb
from bench.world import World, fresh_world


async def idle(ask: Ask, collected: Collected) -> None:
    """Install releases, let all come to rest, and look what goes on then."""
    async with fresh_world(ask.folder, ask.say, NO_PODS) as world, helmward(world) as operator:
        await everyone(operator, Verb.INSTALL, storm_names(ask.scale.idle))
        collected.idle = await at_rest(world, operator, ask.scale.idle, ask.scale.idle_seconds)


async def at_rest(world: World, operator: Helmward, releases: int, seconds: float) -> Idle:
    """Wait until everything is at rest, then count for some seconds."""
    await world.idle(operator.pids)
    mark, used = world.audit.mark(), operator.usage()
    await asyncio.sleep(seconds)
    return Idle(
        releases,
        seconds,
        operator.usage().since(used).cpu,
        world.audit.since(mark),
        operator.process.resident(),
    )
