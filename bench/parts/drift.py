"""Objects of releases that someone else deletes or edits: how long until they are back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final

from bench.collected import Collected
from bench.contest import BREATH, everyone, storm_names
from bench.findings import Correction
from bench.helmward_operator import helmward
from bench.loads import GOOD_MORNING, NO_PODS
from bench.parts.offers import operator_has
from bench.parts.part import Ask, Skipped
from bench.results import Alone, Verb
from bench.world import NAMESPACE, World, fresh_world
from helmward.kube import decode_object
from helmward.kube.resources import CONFIG_MAPS
from helmward.runtime.informer import Informer

FLAG: Final = "--drift-detection"
PATIENCE: Final = 30.0

Document = dict[str, Any]


async def drift(ask: Ask, collected: Collected) -> None:
    """Delete one ConfigMap of each release, then edit one of each.

    Each release is touched twice and no more: what is undone again and again is
    a fight, and backed off from.

    Raises:
        Skipped: the operator does not watch for drift.
    """
    if not await operator_has(FLAG):
        raise Skipped(f"the operator has no {FLAG}")
    names = storm_names(ask.scale.drift)
    async with (
        fresh_world(ask.folder, ask.say, NO_PODS) as world,
        helmward(world, f"{FLAG}=enabled") as operator,
        _followed(world) as seen,
    ):
        await everyone(operator, Verb.INSTALL, names)
        await world.idle(operator.pids)
        deleted = [await _back(seen, name, _deletion(world, name)) for name in names]
        await world.idle(operator.pids)
        edited = [await _back(seen, name, _edit(world, name)) for name in names]
    collected.drift = Correction(Alone(tuple(deleted)), Alone(tuple(edited)))


def _deletion(world: World, name: str) -> Callable[[], Awaitable[Document]]:
    return lambda: world.bench.delete(CONFIG_MAPS, name, NAMESPACE)


def _edit(world: World, name: str) -> Callable[[], Awaitable[Document]]:
    other = {"data": {"greeting": "by hand"}}
    return lambda: world.bench.patch(CONFIG_MAPS, name, NAMESPACE, other)


async def _back(seen: "Seen", name: str, change: Callable[[], Awaitable[Document]]) -> float:
    """Make a change, and return the seconds until it is undone; let all come to rest then."""
    wrong = seen.gone_wrong(name)
    started = perf_counter()
    await change()
    async with asyncio.timeout(PATIENCE):
        await wrong.wait()
        await seen.right(name).wait()
    took = perf_counter() - started
    await asyncio.sleep(BREATH)
    return took


class Seen:
    """Follows the ConfigMaps, and tells whether one is as its release has it."""

    def __init__(self, informer: Informer[Document]) -> None:
        self._store = informer.store
        self._wrong: dict[str, asyncio.Event] = {}
        self._right: dict[str, asyncio.Event] = {}
        informer.subscribe(self._changed)

    def gone_wrong(self, name: str) -> asyncio.Event:
        """Return what is set as soon as the object is not as it ought to be."""
        self._right[name], self._wrong[name] = asyncio.Event(), asyncio.Event()
        return self._wrong[name]

    def right(self, name: str) -> asyncio.Event:
        """Return what is set when it is back after that."""
        return self._right[name]

    def _changed(self, _: object, old: Document | None, new: Document | None) -> None:
        name = (new or old or {})["metadata"]["name"]
        if name not in self._wrong:
            return
        if (new or {}).get("data") != GOOD_MORNING:
            self._wrong[name].set()
        elif self._wrong[name].is_set():
            self._right[name].set()


@asynccontextmanager
async def _followed(world: World) -> AsyncIterator[Seen]:
    informer = Informer(world.bench, CONFIG_MAPS, decode=decode_object, namespace=NAMESPACE)
    watching = asyncio.create_task(informer.run())
    try:
        await informer.synced.wait()
        yield Seen(informer)
    finally:
        watching.cancel()
        await asyncio.wait({watching})
