"""Keeps a store equal to what the API server holds of one kind, whatever happens between.

Lists once, then watches; after a lost connection it goes on from the version
it knew, and lists anew only when that is compacted away. The difference to
what was known makes the events that were missed, deletions too.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from typing import Final, Generic, TypeVar

import structlog

from helmward.errors import (
    AccessDenied,
    ClusterUnavailable,
    Expired,
    HelmwardError,
    Invalid,
    NotFound,
)
from helmward.kube import Kube, Resource, Selection, Start, WatchEvent
from helmward.runtime.backoff import Backoff
from helmward.runtime.reading import (
    OnUndecodable,
    Reader,
    ends_the_beginning,
    log_undecodable,
    version_of,
)
from helmward.runtime.store import Change, EventType, Item, Keeper, Name, Store

__all__ = ["EventType", "Informer", "Store"]

T = TypeVar("T")

AsyncEvents = AsyncGenerator[WatchEvent, None]
Subscriber = Callable[[EventType, T | None, T | None], None]

STOOD: Final = 1.0
"""Seconds for which a silent watch must have stood to be begun again at once."""

log = structlog.get_logger(__name__)


class Informer(Generic[T]):
    """The objects of one kind, and who wants to know of their changes.

    `synced` is set once the store is as complete as the cluster allows. A kind
    whose CRD is not installed counts as empty and `absent`; it is looked for
    every `poll` seconds. A CRD that is deleted later deletes nothing here: the
    store stays as it was, flagged `absent`, until the kind is back.

    `on_last` is told the very last state of an object that was seen to go,
    before the subscribers are told that it went. A list cannot tell it.

    A kind that may not be watched is `denied`: it is tried again at growing
    intervals, up to `patience` seconds. `turned` is told when the kind became
    synced, absent or denied, or is so no more. With `into` the objects are kept
    there, and `store` stays empty.
    """

    def __init__(  # noqa: PLR0913  # a watch has as many knobs
        self,
        kube: Kube,
        resource: Resource,
        *,
        decode: Callable[[bytes], T],
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
        on_last: Callable[[T], None] = lambda _: None,
        on_undecodable: OnUndecodable = log_undecodable,
        quiet: float = 75.0,
        poll: float = 5.0,
        patience: float = 30.0,
        into: Keeper[T] | None = None,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        self.store: Store[T] = Store()
        self._keeper: Keeper[T] = self.store if into is None else into
        self.synced = asyncio.Event()
        self.resource_version = ""
        self.absent = False
        self.denied = False
        self.problem: HelmwardError | None = None
        self.lists = 0
        self._kube = kube
        self._selection = Selection(
            resource, namespace, label_selector, field_selector, metadata_only
        )
        self._reader = Reader(decode, on_undecodable)
        self._on_last = on_last
        self._quiet = quiet
        self._poll = poll
        self._subscribers: list[Subscriber[T]] = []
        self._turned = turned
        self._backoff: Backoff[str] = Backoff(base=0.2, cap=30.0)
        self._denials: Backoff[str] = Backoff(base=0.2, cap=patience)
        self._watch_list = True
        self._heard = False
        self._opened: float | None = None
        self._poked = asyncio.Event()

    def subscribe(self, callback: Subscriber[T]) -> None:
        """Tell `callback` of every change, beginning with what is there as ADDED.

        It runs between two events and must be quick: it adds a key to a queue.
        """
        for value in self._keeper:
            callback(EventType.ADDED, None, value)
        self._subscribers.append(callback)

    async def run(self) -> None:
        """Follow the cluster until cancelled; trouble with it never ends this."""
        while True:
            self._heard, self._opened = False, None
            try:
                await self._follow()
            except NotFound:
                self._mark_absent()
            except Expired:
                self.resource_version = ""
            except AccessDenied as error:
                self._mark_denied(error)
            except HelmwardError as error:
                self._note(error)
            if self._was_useful():
                self._backoff.reset("")
            else:
                await self._rest(self._pause())

    def poke(self) -> None:
        """Look again at once for a kind that was not installed."""
        if self.absent:
            self._backoff.reset("")
            self._poked.set()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        self._poked.clear()

    def _was_useful(self) -> bool:
        """Tell whether the last watch brought anything new, or stood for a while at least."""
        stood = self._opened is not None and _now() - self._opened >= STOOD
        return self._heard or stood

    def _pause(self) -> float:
        if self.denied:
            return self._denials.next("")
        delay = self._backoff.next("")
        return min(delay, self._poll) if self.absent else delay

    def _mark_absent(self) -> None:
        if not self.absent:
            log.info("kind is not installed", resource=str(self._selection.resource))
        self.absent, self.denied = True, False
        self.resource_version = ""
        self.synced.set()
        self._turned()

    def _mark_denied(self, error: AccessDenied) -> None:
        """Say once that nobody may watch; the watch that stood may have stood for long."""
        if not self.denied:
            log.warning("watch refused", resource=str(self._selection.resource), error=str(error))
        self.denied, self.problem = True, error
        self._heard, self._opened = False, None
        self._turned()

    def _note(self, error: HelmwardError) -> None:
        # A watch that broke after it was of use goes on at once: that is no trouble.
        if not self._was_useful():
            self.problem = error
            log.warning("watch failed", resource=str(self._selection.resource), error=str(error))

    async def _follow(self) -> None:
        """List if need be, then watch until the server or the network ends it."""
        if not self.resource_version and self._watch_list:
            await self._begin_with_a_watch()
            return
        if not self.resource_version:
            items, version = await self._kube.list_raw(self._selection)
            self._become((self._reader.item(raw) for raw in items), version)
        async with aclosing(self._watch()) as events:
            async for event in events:
                self._take(event)

    def _watch(self, *, initial_events: bool = False) -> AsyncEvents:
        start = Start(self.resource_version, initial_events, self._note_opened)
        return self._kube.watch(self._selection, start, quiet=self._quiet)

    def _note_opened(self) -> None:
        self._opened, self.absent, self.denied, self.problem = _now(), False, False, None
        self._denials.reset("")
        self._turned()

    async def _begin_with_a_watch(self) -> None:
        """Let the server stream what there is; one that cannot is listed from now on."""
        begun: dict[Name, Item[T]] | None = {}
        try:
            async with aclosing(self._watch(initial_events=True)) as events:
                async for event in events:
                    if begun is None:
                        self._take(event)
                    elif self._gather(event, begun):
                        self._become(begun.values(), version_of(event.object))
                        begun = None
        except (Invalid, ClusterUnavailable) as error:
            refused = isinstance(error, Invalid) or self._opened is not None
            self._watch_list = begun is None or not refused
            raise

    def _gather(self, event: WatchEvent, begun: dict[Name, Item[T]]) -> bool:
        """Collect an initial event; true when it says that these were all."""
        if event.type == "BOOKMARK":
            return ends_the_beginning(event.object)
        if event.type == EventType.DELETED:
            begun.pop(self._reader.name(event.object).name, None)
        else:
            item = self._reader.item(event.object)
            begun[item.name] = item
        return False

    def _become(self, items: Iterable[Item[T]], version: str) -> None:
        changes = self._keeper.replace({item.name: item for item in items})
        self.resource_version = version
        self.lists += 1
        self._tell(changes)
        self.synced.set()
        self._turned()

    def _take(self, event: WatchEvent) -> None:
        self._heard = True
        if event.type == "BOOKMARK":
            self.resource_version = version_of(event.object)
            return
        if event.type == EventType.DELETED:
            item = self._reader.item(event.object)
            if item.value is not None:
                self._on_last(item.value)
            self._tell(self._keeper.remove(item.name))
        else:
            item = self._reader.item(event.object)
            self._tell(self._keeper.put(item))
        self.resource_version = item.version

    def _tell(self, changes: Iterable[Change[T]]) -> None:
        for change in changes:
            for callback in self._subscribers:
                callback(*change)


def _now() -> float:
    return asyncio.get_running_loop().time()
