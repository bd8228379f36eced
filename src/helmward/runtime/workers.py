"""Takes keys from the queue and gives each one turn; waiting and deadlines live here."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import structlog

from helmward.errors import TransientError
from helmward.runtime.backoff import Backoff
from helmward.runtime.queue import KeyedQueue

K = TypeVar("K", bound=Hashable)

log = structlog.get_logger(__name__)


class Overrun(TransientError):
    """A turn took longer than its deadline and was cancelled."""

    reason = "DeadlineExceeded"


class Workers(Generic[K]):
    """`count` turns at a time of `handle(key)`, each with a deadline in seconds.

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
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._work(), name=f"worker-{number}")

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            self.busy += 1
            try:
                await self._turn(key)
            finally:
                self.busy -= 1
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
