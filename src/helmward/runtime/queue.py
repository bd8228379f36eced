"""The keyed queue: what is to be looked at, each key at most once and at one place.

Whoever sees an event adds a key; `workers` takes keys out. It holds no events:
a turn looks at everything anew, so ten changes of one object are one turn.
"""

import asyncio
import itertools
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from helmward.runtime.clock import Clock, Timer

K = TypeVar("K", bound=Hashable)


class _Place(NamedTuple):
    order: tuple[int, int]
    since: float


class _Alarm(NamedTuple):
    due: float
    timer: Timer
    priority: int


class KeyedQueue(Generic[K]):
    """Keys by priority, higher first, and first come within one priority.

    A key is never with two workers: added while in work, it waits until
    `done`. Of several delayed adds the earliest counts, and an add at once
    does not cancel it. `spare` may say of a key whose time has come that it
    needs no worker for so many seconds yet.
    """

    def __init__(
        self, clock: Clock | None = None, *, spare: Callable[[K], float | None] = lambda _: None
    ) -> None:
        self._clock = clock
        self._spare = spare
        self._line: asyncio.PriorityQueue[tuple[tuple[int, int], K]] = asyncio.PriorityQueue()
        self._waiting: dict[K, _Place] = {}
        self._in_work: set[K] = set()
        self._again: dict[K, int] = {}
        self._alarms: dict[K, _Alarm] = {}
        self._ticket = itertools.count()

    def __len__(self) -> int:
        """Return how many keys wait for a worker."""
        return len(self._waiting)

    @property
    def in_work(self) -> int:
        """How many keys are with a worker."""
        return len(self._in_work)

    @property
    def delayed(self) -> int:
        """How many keys will be added later."""
        return len(self._alarms)

    @property
    def oldest_age(self) -> float:
        """Seconds that the key waits which has waited longest; 0 when none waits."""
        first = next(iter(self._waiting.values()), None)
        return self.clock.time() - first.since if first else 0.0

    @property
    def clock(self) -> Clock:
        """The clock given, or else the running event loop."""
        if self._clock is None:
            self._clock = asyncio.get_running_loop()
        return self._clock

    def add(self, key: K, *, priority: int = 0) -> None:
        """Let a worker look at the key; one that waits already can only move forward."""
        if key in self._in_work:
            self._again[key] = max(priority, self._again.get(key, priority))
            return
        place = self._waiting.get(key)
        if place is not None and place.order[0] <= -priority:
            return
        since = place.since if place else self.clock.time()
        order = (-priority, next(self._ticket))
        self._waiting[key] = _Place(order, since)
        self._line.put_nowait((order, key))

    def add_after(self, key: K, delay: float, *, priority: int = 0) -> None:
        """Add the key when `delay` seconds have passed, unless that is planned for sooner."""
        if delay <= 0:
            self.add(key, priority=priority)
            return
        due = self.clock.time() + delay
        if planned := self._alarms.get(key):
            if planned.due <= due:
                return
            planned.timer.cancel()
        timer = self.clock.call_later(delay, self._ring, key)
        self._alarms[key] = _Alarm(due, timer, priority)

    def _ring(self, key: K) -> None:
        alarm = self._alarms.pop(key)
        delay = self._spare(key)
        if delay is None:
            self.add(key, priority=alarm.priority)
        else:
            self.add_after(key, delay, priority=alarm.priority)

    async def get(self) -> K:
        """Wait for a key and take it into work; `done` gives it back."""
        while True:
            order, key = await self._line.get()
            place = self._waiting.get(key)
            # A key that moved forward has left its earlier place in the line behind.
            if place is not None and place.order == order:
                del self._waiting[key]
                self._in_work.add(key)
                return key

    def done(self, key: K) -> None:
        """End the work on a key; what was added meanwhile waits now."""
        self._in_work.discard(key)
        priority = self._again.pop(key, None)
        if priority is not None:
            self.add(key, priority=priority)

    def forget(self, key: K) -> None:
        """Cancel the delayed add of a key that is gone."""
        if alarm := self._alarms.pop(key, None):
            alarm.timer.cancel()
