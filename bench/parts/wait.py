"""Releases that all take half a minute until they are ready: nobody waits for another."""

import time

from bench.collected import Collected
from bench.contest import everyone, storm_names
from bench.findings import Wait
from bench.helmward_operator import helmward
from bench.loads import SLOW
from bench.parts.part import Ask
from bench.results import Verb
from bench.world import fresh_world
from helmward.apis import V1


async def wait(ask: Ask, collected: Collected) -> None:
    """Write all at once, with `spec.wait`, and wait until the last one is Ready."""
    async with (
        fresh_world(ask.folder, ask.say, SLOW) as world,
        helmward(world, resource=V1.resource, spec={"wait": True}) as operator,
    ):
        await world.idle(operator.pids)
        started = time.perf_counter()
        await everyone(operator, Verb.INSTALL, storm_names(ask.scale.wait))
        wall = time.perf_counter() - started
    collected.wait = Wait(ask.scale.wait, float(SLOW.fixed["minReadySeconds"]), wall)
