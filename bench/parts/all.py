"""All parts, in the order in which they are measured."""

from dataclasses import replace
from time import perf_counter
from typing import Final

from bench.collected import Collected
from bench.contestant import BenchFailed
from bench.parts.contests import large, pods, storms
from bench.parts.depends import depends
from bench.parts.drift import drift
from bench.parts.growth import growth, spread
from bench.parts.idle import idle
from bench.parts.many import many
from bench.parts.part import Ask, Part, Skipped
from bench.parts.wait import wait
from helmward.devplane import DevplaneFailed

PARTS: Final[dict[str, Part]] = {
    one.__name__: one
    for one in (storms, pods, large, idle, many, growth, spread, wait, drift, depends)
}


async def measure(ask: Ask, name: str, collected: Collected) -> None:
    """Measure one part, and note how long that took, or why it was left out or failed."""
    ask.say(name)
    started = perf_counter()
    try:
        await PARTS[name](replace(ask, folder=ask.folder / name), collected)
    except Skipped as why:
        collected.skipped[name] = str(why)
        ask.say(f"  skipped: {why}")
    except (BenchFailed, DevplaneFailed) as error:
        collected.failed[name] = str(error).partition("\n")[0]
        ask.say(f"  failed: {error}")
    except TimeoutError:
        collected.failed[name] = "what it waits for did not happen in time"
        ask.say(f"  failed: {collected.failed[name]}")
    collected.seconds[name] = perf_counter() - started
    ask.say(f"  {collected.seconds[name]:.0f} s")
