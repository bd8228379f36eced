"""Thousands of HelmReleases at once, and the operator started again with all in sync."""

import asyncio
from time import perf_counter

from bench.collected import Collected
from bench.contest import storm, storm_names
from bench.findings import Many
from bench.helmward_operator import helmward
from bench.loads import NO_PODS
from bench.operator_process import Operator, operator
from bench.parts.part import Ask
from bench.results import Verb
from bench.world import fresh_world

LOOK = 0.25
"""Seconds between two looks at the metrics: each makes the operator write all of them."""
PATIENCE = 120.0


async def many(ask: Ask, collected: Collected) -> None:
    """Write all at once, wait until all are Ready, start the operator anew."""
    names = storm_names(ask.scale.many)
    async with fresh_world(ask.folder, ask.say, NO_PODS) as world:
        async with helmward(world) as contestant:
            at_once = await storm(contestant, world, Verb.INSTALL, names)
            ask.say(f"    {len(names)} at once: {at_once.wall:.1f} s")
        mark = world.audit.mark()
        async with operator(world) as restarted:
            looked_at = await _all_looked_at(restarted, len(names))
            await world.idle(restarted.pids)
            collected.many = Many(
                releases=len(names),
                wall=at_once.wall,
                usage=at_once.usage,
                readyz=restarted.ready_after,
                looked_at=looked_at,
                turns=await restarted.turns(),
                requests=world.audit.since(mark),
                usage_restarted=restarted.usage(),
            )


async def _all_looked_at(restarted: Operator, releases: int) -> float | None:
    """Wait until there were as many turns as there are releases; None is never."""
    try:
        async with asyncio.timeout(PATIENCE):
            while await restarted.turns() < releases:  # noqa: ASYNC110  # a page rings no bell
                await asyncio.sleep(LOOK)
    except TimeoutError:
        return None
    return perf_counter() - restarted.started
