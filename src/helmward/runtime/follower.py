"""Tells what changes from now on, and keeps nothing but how far it has come.

For objects of which only a few matter: unlike an `Informer` it never asks for
what there is, so that it costs the same however many there are. After a lost
connection it goes on from the version it knew. Where that is compacted away
there is a gap, and a new era begins: what was known before it may be outdated.
"""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import structlog

from helmward.errors import AccessDenied, Expired, HelmwardError
from helmward.kube import Kube, Selection, Start, WatchEvent
from helmward.runtime.backoff import Backoff
from helmward.runtime.reading import version_of, which
from helmward.runtime.store import EventType, Name
from helmward.runtime.tracking import News

STOOD: Final = 1.0
"""Seconds for which a silent watch must have stood to be begun again at once."""
_eras: Final = itertools.count(1)

log = structlog.get_logger(__name__)


class Follower:
    """One watch of metadata; `hear` is told of every change, by object.

    `decided` is set once it is known whether the watch works. `begun` is called
    when a new era begins, `refused` when the API server forbids the watch: it
    is tried again, at growing intervals.
    """

    def __init__(  # noqa: PLR0913  # a watch has as many knobs
        self,
        kube: Kube,
        selection: Selection,
        *,
        hear: Callable[["Follower", Name, News], None],
        begun: Callable[["Follower"], None],
        refused: Callable[["Follower"], None],
        quiet: float = 75.0,
    ) -> None:
        self.selection = selection
        self.alive = False
        self.denied = False
        self.era = 0
        self.decided = asyncio.Event()
        self._kube = kube
        self._hear = hear
        self._begun = begun
        self._refused = refused
        self._quiet = quiet
        self._version = ""
        self._announced = 0
        self._heard = False
        self._opened: float | None = None
        self._trouble: Backoff[str] = Backoff(base=0.2, cap=30.0)
        self._denials: Backoff[str] = Backoff(base=1.0, cap=300.0)

    async def run(self) -> None:
        """Follow the cluster until cancelled; trouble with it never ends this."""
        while True:
            self._heard, self._opened = False, None
            try:
                await self._follow()
            except Expired:
                self._version = ""
            except AccessDenied:
                self._deny()
            except HelmwardError as error:
                self._note(error)
            finally:
                self.alive = False
            self.decided.set()
            await asyncio.sleep(self._pause())

    async def _follow(self) -> None:
        if not self._version:
            self._version = await self._kube.present(self.selection)
            self.era = next(_eras)
        start = Start(self._version, opened=self._note_opened)
        async with aclosing(self._kube.watch(self.selection, start, quiet=self._quiet)) as events:
            async for event in events:
                self._take(event)

    def _note_opened(self) -> None:
        self._opened, self.alive, self.denied = _now(), True, False
        self._denials.reset("")
        self.decided.set()
        if self._announced != self.era:
            self._announced = self.era
            self._begun(self)

    def _take(self, event: WatchEvent) -> None:
        self._heard = True
        self._version = version_of(event.object)
        if event.type != "BOOKMARK":
            news = News(self._version, deleted=event.type == EventType.DELETED)
            self._hear(self, which(event.object).name, news)

    def _deny(self) -> None:
        """Begin a new era once it is allowed again: until then nobody listens."""
        self._version = ""
        self.denied = True
        self._refused(self)

    def _note(self, error: HelmwardError) -> None:
        if not self._was_useful():
            log.warning("watch failed", resource=str(self.selection.resource), error=str(error))

    def _was_useful(self) -> bool:
        """Tell whether the last watch brought anything new, or stood for a while at least."""
        stood = self._opened is not None and _now() - self._opened >= STOOD
        return self._heard or stood

    def _pause(self) -> float:
        if self.denied:
            return self._denials.next("")
        if self._was_useful():
            self._trouble.reset("")
            return 0.0
        return self._trouble.next("")


def _now() -> float:
    return asyncio.get_running_loop().time()
