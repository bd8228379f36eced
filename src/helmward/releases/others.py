"""The objects of other kinds that HelmReleases wait for: each watched once, by its name.

`judging` holds what one HelmRelease waits for, `order` lets go of it when the
waiting is over: where nobody waits nothing is watched.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from helmward.kube import Kube
from helmward.model import Key, ObjectRef
from helmward.releases.watched import Watched

MOST: Final = 256
"""Objects that are watched at once; each takes a connection."""
PATIENCE: Final = 5.0
"""Seconds until a look goes on with what is known of an object."""


@dataclass(slots=True)
class _Held:
    watched: Watched
    keys: set[Key] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


class Others:
    """Objects by name, and who waits for each; `changed` is told of whom to wake."""

    def __init__(self, kube: Kube, changed: Callable[[Key], None], *, most: int = MOST) -> None:
        self._kube = kube
        self._changed = changed
        self._most = most
        self._held: dict[ObjectRef, _Held] = {}
        self._refs: dict[Key, set[ObjectRef]] = {}
        self._turned_away: set[Key] = set()
        self._group: asyncio.TaskGroup | None = None

    def __len__(self) -> int:
        """Return how many objects are watched."""
        return len(self._held)

    async def run(self) -> None:
        """Watch until cancelled; nothing is watched before somebody waits."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for ref, held in self._held.items():
                self._start(ref, held)
            await asyncio.Event().wait()

    async def hold(self, key: Key, refs: Iterable[ObjectRef]) -> None:
        """Watch exactly these objects for a key, and wait until something is known of each."""
        wanted = set(refs)
        self._drop(key, self._refs.get(key, set()) - wanted)
        self._refs[key] = wanted
        found = [self._hold(key, ref) for ref in sorted(wanted)]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for one in found:
                    if one:
                        await one.watched.decided.wait()

    def let_go(self, key: Key) -> None:
        """Watch nothing for a key any more."""
        self._drop(key, self._refs.pop(key, set()))
        self._turned_away.discard(key)

    def get(self, ref: ObjectRef) -> tuple[bytes, str]:
        """Return an object that is held, or why there is none to look at."""
        held = self._held.get(ref)
        if held is None:
            return b"", f"is not watched: {self._most} other objects are waited for already"
        return held.watched.document, held.watched.trouble

    def _hold(self, key: Key, ref: ObjectRef) -> _Held | None:
        held = self._held.get(ref)
        if held is None:
            if len(self._held) >= self._most:
                self._turned_away.add(key)
                return None
            watched = Watched(self._kube, ref, lambda: self._wake(ref))
            held = self._held[ref] = _Held(watched)
            self._start(ref, held)
        held.keys.add(key)
        return held

    def _start(self, ref: ObjectRef, held: _Held) -> None:
        if self._group and held.task is None:
            held.task = self._group.create_task(held.watched.run(), name=f"dependency-{ref}")

    def _drop(self, key: Key, refs: Iterable[ObjectRef]) -> None:
        for ref in refs:
            held = self._held.get(ref)
            if held is None:
                continue
            held.keys.discard(key)
            if not held.keys:
                self._end(ref, held)

    def _end(self, ref: ObjectRef, held: _Held) -> None:
        del self._held[ref]
        if held.task:
            held.task.cancel()
        for key in list(self._turned_away):
            self._turned_away.discard(key)
            self._changed(key)

    def _wake(self, ref: ObjectRef) -> None:
        held = self._held.get(ref)
        for key in list(held.keys) if held else ():
            self._changed(key)
