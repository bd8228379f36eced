"""What goes on beside an action: the announcement, the slot it gives up, newer news.

`loop` runs every verb inside `Actions.under_way`. While an action only waits,
its turn holds no slot; a newer spec ends its wait.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from helmward.engine import Engine
from helmward.errors import (
    ChartEvicted,
    ClusterUnavailable,
    Conflict,
    EngineLost,
    HelmwardError,
    SessionLost,
    Superseded,
)
from helmward.model import Account, Declared, Key
from helmward.releases.report import Reporter
from helmward.runtime.beside import beside, to_the_end
from helmward.runtime.workers import slot

PASS_ON: Final = (
    ChartEvicted,
    ClusterUnavailable,
    Conflict,
    EngineLost,
    SessionLost,
    Superseded,
)
"""What says nothing about the release: the queue brings the key back soon."""
ANNOUNCE_AFTER: Final = 2.0
"""Seconds that an action may take before the status says that it is under way."""
ASK_AGAIN: Final = 0.2
"""Seconds between two askings to end a wait that had not begun yet."""
IDLE: Final = frozenset({"waiting", "hooks", "testing"})
"""Phases in which the cluster works and we do not."""

T = TypeVar("T")


@dataclass(slots=True)
class Acting:
    """An action that is under way for a HelmRelease."""

    declared: Declared
    reporter: Reporter
    instead: str = ""
    """What is asked for by now, in words."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    doubts: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, newer: Declared) -> None:
        """Take in what is asked for now, if it makes the action pointless."""
        asked = self.declared
        if newer.commands.suspend and not newer.deleting:
            return
        if newer.uid != asked.uid or newer.generation != asked.generation or newer.deleting:
            self.supersede("its deletion" if newer.deleting else f"generation {newer.generation}")

    def supersede(self, instead: str) -> None:
        """Take in that the action is pointless by now."""
        self.instead = instead
        self.news.set()

    async def doubtful(self) -> None:
        """Wait until what is asked for may be something else."""
        await self.doubts.wait()
        self.doubts.clear()

    def phase(self, name: str, detail: str) -> None:
        """Give the slot up while the action only waits."""
        mine = slot()
        if mine:
            (mine.leave if name in IDLE else mine.back)()
        self.reporter.phase(self.declared, name, detail)


class Actions:
    """The actions that are under way, by HelmRelease."""

    def __init__(
        self, engine: Engine, reporter: Reporter, lookup: Callable[[Key], Declared | None]
    ) -> None:
        self._engine = engine
        self._lookup = lookup
        self._reporter = reporter
        self._acting: dict[Key, Acting] = {}

    def hear(self, newer: Declared) -> None:
        """Tell the action of a HelmRelease, if one is under way, what is asked for now."""
        if acting := self._acting.get(newer.key):
            acting.hear(newer)

    def doubt(self, key: Key) -> None:
        """Tell the action of a HelmRelease, if one is under way, to look at its sources."""
        if acting := self._acting.get(key):
            acting.doubts.set()

    @asynccontextmanager
    async def under_way(
        self, declared: Declared, verb: str, announcement: Account
    ) -> AsyncIterator[Acting]:
        """Announce, measure and heed news while the body acts."""
        acting = Acting(declared, self._reporter)
        self._acting[declared.key] = acting
        # What came while the chart was fetched was told to nobody.
        if now := self._lookup(declared.key):
            acting.hear(now)
        try:
            async with (
                self._measured(declared, verb),
                beside(self._announce(declared, announcement)),
                beside(self._heed(acting)),
            ):
                yield acting
        finally:
            del self._acting[declared.key]
            if mine := slot():
                mine.back()

    async def _heed(self, acting: Acting) -> None:
        """End the wait of an action that nobody wants any more, as soon as it waits."""
        await acting.news.wait()
        why = f"superseded by {acting.instead}"
        while True:
            with suppress(HelmwardError):
                await self._engine.supersede(acting.declared.release, why)
            await asyncio.sleep(ASK_AGAIN)

    @asynccontextmanager
    async def _measured(self, declared: Declared, verb: str) -> AsyncIterator[None]:
        started, success = time.monotonic(), False
        try:
            yield
            success = True
        finally:
            self._reporter.acted(verb, declared, time.monotonic() - started, success=success)

    async def _announce(self, declared: Declared, account: Account) -> None:
        await asyncio.sleep(ANNOUNCE_AFTER)
        with suppress(HelmwardError):
            # Torn in two, nobody would know what the status says.
            await to_the_end(self._reporter.report(declared, account))


async def unless_newer(acting: Acting, work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end, for work that leaves nothing behind when it is cancelled.

    Raises:
        Superseded: newer news came first.
    """
    doing = asyncio.create_task(work)
    hearing = asyncio.create_task(acting.news.wait())
    try:
        await asyncio.wait({doing, hearing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hearing.cancel()
        doing.cancel()
        await asyncio.wait({doing})
    if doing.cancelled():
        raise Superseded("something newer is asked for")
    return doing.result()
