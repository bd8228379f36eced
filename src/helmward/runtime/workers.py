"""Takes keys from the queue and gives each one turn; waiting and deadlines live here."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from contextvars import ContextVar
from typing import Any, Final, Generic, TypeVar

import structlog

from helmward.errors import TransientError
from helmward.runtime.backoff import Backoff
from helmward.runtime.queue import KeyedQueue

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

PATIENCE: Final = 0.5
"""Seconds that a turn may wait for a source before its slot serves somebody else."""

log = structlog.get_logger(__name__)


class Overrun(TransientError):
    """A turn took longer than its deadline and was cancelled."""

    reason = "DeadlineExceeded"


class Slots:
    """How many turns may work at a time. Turns that only wait do not count."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._freed = asyncio.Event()

    async def take(self) -> None:
        """Wait until one is free and take it."""
        while self._free <= 0:
            self._freed.clear()
            await self._freed.wait()
        self._free -= 1

    def take_back(self) -> None:
        """Take one at once, also when none is free: what goes on is not held up."""
        self._free -= 1

    def give(self) -> None:
        """Give one back."""
        self._free += 1
        self._freed.set()


class Slot:
    """A turn's right to work, given up while it only waits for the cluster."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.held = True

    def leave(self) -> None:
        """Let somebody else work; giving up twice is once."""
        if self.held:
            self.held = False
            self._slots.give()

    def back(self) -> None:
        """Work on, without waiting for a free slot."""
        if not self.held:
            self.held = True
            self._slots.take_back()

    async def again(self) -> None:
        """Work on as soon as a slot is free."""
        if not self.held:
            await self._slots.take()
            self.held = True


_slot: Final[ContextVar[Slot | None]] = ContextVar("slot", default=None)


def slot() -> Slot | None:
    """Return the slot of the turn that is running; None outside of one."""
    return _slot.get()


async def patiently(work: Coroutine[Any, Any, T], *, after: float = PATIENCE) -> T:
    """Await what may take others long to answer, without holding up who does not need it.

    `after` that many seconds the turn's slot serves somebody else; the turn goes
    on once one is free again.
    """
    mine = slot()
    if mine is None:
        return await work
    leaving = asyncio.get_running_loop().call_later(after, mine.leave)
    try:
        return await work
    finally:
        leaving.cancel()
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            await mine.again()


class Workers(Generic[K]):
    """`count` working turns at a time of `handle(key)`, each with a deadline in seconds.

    A turn that gives its slot up (`slot().leave()`) goes on beside the others.
    A transient error, or an overrun deadline, brings the key back after a
    back-off. Anything else is a bug: it ends the whole group.
    """

    def __init__(
        self,
        queue: KeyedQueue[K],
        handle: Callable[[K], Awaitable[None]],
        *,
        count: int = 16,
        deadline: float | None = 600.0,
        backoff: Backoff[K] | None = None,
    ) -> None:
        self.busy = 0
        self._queue = queue
        self._handle = handle
        self._count = count
        self._deadline = deadline
        self._backoff = backoff or Backoff()

    async def run(self) -> None:
        """Work until cancelled; turns in progress are cancelled too."""
        slots = Slots(self._count)
        async with asyncio.TaskGroup() as group:
            while True:
                key = await self._queue.get()
                try:
                    # Only for a key: a slot that waits for one would be nobody's.
                    await slots.take()
                except asyncio.CancelledError:
                    self._queue.done(key)
                    raise
                group.create_task(self._work(key, Slot(slots)), name=f"turn-{key}")

    async def _work(self, key: K, mine: Slot) -> None:
        _slot.set(mine)
        self.busy += 1
        try:
            await self._turn(key)
        finally:
            self.busy -= 1
            mine.leave()
            self._queue.done(key)

    async def _turn(self, key: K) -> None:
        try:
            await self._in_time(key)
        except TransientError as error:
            delay = max(self._backoff.next(key), error.retry_after or 0.0)
            self._queue.add_after(key, delay)
            log.info("turn failed", key=str(key), error=str(error), retry_in=round(delay, 1))
        else:
            self._backoff.reset(key)

    async def _in_time(self, key: K) -> None:
        clock = asyncio.timeout(self._deadline)
        try:
            async with clock:
                await self._handle(key)
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise Overrun(f"the turn took longer than {self._deadline:g} s") from error
