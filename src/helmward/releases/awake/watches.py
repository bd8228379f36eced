"""Which kinds are followed: those that releases have objects of, as they come and go.

`Awake` owns it and says what releases have.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from helmward.kube import Kube
from helmward.releases.awake.inventory import GroupKind, Kinds
from helmward.releases.awake.meters import WatchMeters
from helmward.releases.awake.seen import Seen
from helmward.releases.awake.sight import Sight
from helmward.releases.awake.watching import State, Watching
from helmward.runtime.clock import Clock
from helmward.runtime.informer import EventType

LINGER: Final = 10.0
"""Seconds for which a kind is still followed when no release has it any more."""

Hear = Callable[[GroupKind, EventType, Seen | None, Seen | None], None]


class Needs:
    """The kinds that releases have objects of, each with the versions that it is had in."""

    def __init__(self) -> None:
        self._having: dict[GroupKind, Counter[str]] = {}

    def __iter__(self) -> Iterator[GroupKind]:
        """Yield the kinds that are needed."""
        yield from [*self._having]

    def __contains__(self, kind: object) -> bool:
        """Tell whether a release has objects of a kind."""
        return kind in self._having

    def versions(self, kind: GroupKind) -> list[str]:
        """Return the versions in which releases have a kind, the most usual first."""
        return [version for version, _ in self._having.get(kind, Counter()).most_common()]

    def change(self, old: Kinds, new: Kinds) -> None:
        """Note that a release has other kinds than before."""
        for kind, version in new.items():
            self._having.setdefault(kind, Counter())[version] += 1
        for kind, version in old.items():
            left = self._having[kind] = self._having[kind] - Counter([version])
            if not left:
                del self._having[kind]


class Watches:
    """One watch for each kind that is needed.

    `hear` is told of every change to an object that matters, `turned` of each
    kind that is followed now, or is not any more.
    """

    def __init__(  # noqa: PLR0913  # what is watched, and who hears of it
        self,
        kube: Kube,
        namespace: str | None,
        *,
        hear: Hear,
        turned: Callable[[GroupKind], None],
        registry: CollectorRegistry,
        clock: Clock | None,
    ) -> None:
        self.linger = LINGER
        self._kube = kube
        self._namespace = namespace
        self._hear = hear
        self._tell_turned = turned
        self._clock = clock
        self._meters = WatchMeters(registry, self._in_sight)
        self._needs = Needs()
        self._watches: dict[GroupKind, Watching] = {}
        self._tasks: dict[GroupKind, asyncio.Task[None]] = {}
        self._ends: dict[GroupKind, float] = {}
        self._needed = asyncio.Event()

    async def run(self) -> None:
        """Follow what is needed until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._needed.clear()
                self._begin(group)
                self._end()
                await self._needed.wait()

    def state(self, kind: GroupKind) -> State:
        """Return how a kind is followed now."""
        watching = self._watches.get(kind)
        return watching.state if watching else State.STARTING

    def sight(self, kind: GroupKind) -> Sight | None:
        """Return the objects of a kind, if all of them are in sight."""
        watching = self._watches.get(kind)
        return watching.sight if watching and watching.state is State.WATCHED else None

    def need(self, old: Kinds, new: Kinds) -> None:
        """Note that a release has other kinds than before."""
        if old == new:
            return
        self._needs.change(old, new)
        for kind in new.keys() - old.keys():
            if self.state(kind) is State.ABSENT:
                self._watches[kind].poke()
        if any(kind not in self._watches for kind in new):
            self._needed.set()
        for kind in old:
            if kind not in self._needs:
                self._ends[kind] = self._time.time() + self.linger
                self._time.call_later(self.linger, self._needed.set)

    @property
    def _time(self) -> Clock:
        return self._clock or asyncio.get_running_loop()

    def _in_sight(self) -> float:
        return float(sum(len(one.sight) for one in self._watches.values()))

    def _begin(self, group: asyncio.TaskGroup) -> None:
        for kind in self._needs:
            if kind not in self._watches:
                watching = self._watches[kind] = self._watching(kind)
                self._tasks[kind] = group.create_task(watching.run(), name=f"drift-{kind}")

    def _watching(self, kind: GroupKind) -> Watching:
        return Watching(
            self._kube,
            kind,
            self._namespace,
            versions=partial(self._needs.versions, kind),
            hear=partial(self._hear, kind),
            turned=partial(self._turned, kind),
        )

    def _end(self) -> None:
        """Follow no more what no release has had for a while."""
        now = self._time.time()
        for kind in [one for one, due in self._ends.items() if due <= now or one in self._needs]:
            del self._ends[kind]
            if kind not in self._needs and kind in self._watches:
                del self._watches[kind]
                self._tasks.pop(kind).cancel()
                self._meters.forget(kind)

    def _turned(self, kind: GroupKind) -> None:
        watching = self._watches.get(kind)
        if watching and self._meters.tell(kind, watching.state):
            self._tell_turned(kind)
