"""Kubernetes Events: told and forgotten, so that no turn waits for one."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from helmward.errors import HelmwardError, NotFound
from helmward.kube import Kube
from helmward.kube.resources import EVENTS

LONGEST: Final = 1024
LAST_WORDS: Final = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Regarding:
    """The object that an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class _News:
    regarding: Regarding
    type: str
    reason: str
    message: str


@dataclass(slots=True)
class _Series:
    name: str
    count: int


class EventRecorder:
    """Sends events in the background; equal ones are counted instead of repeated.

    When more wait than `room`, the newest is dropped and counted in `dropped`:
    events are for humans, and nothing depends on one.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        component: str = "helmward",
        room: int = 1000,
        remembered: int = 500,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.dropped = 0
        self._kube = kube
        self._component = component
        self._waiting: asyncio.Queue[_News] = asyncio.Queue(room)
        self._told: OrderedDict[_News, _Series] = OrderedDict()
        self._remembered = remembered
        self._now = now

    def record(
        self, regarding: Regarding, reason: str, message: str, *, warning: bool = False
    ) -> None:
        """Tell of something that happened; returns at once and never fails."""
        kind = "Warning" if warning else "Normal"
        try:
            self._waiting.put_nowait(_News(regarding, kind, reason, _short(message)))
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Send until cancelled, then what still waits, for a moment."""
        try:
            while True:
                await self._send(await self._waiting.get())
        finally:
            await self._last_words()

    async def _last_words(self) -> None:
        try:
            async with asyncio.timeout(LAST_WORDS):
                while not self._waiting.empty():
                    await self._send(self._waiting.get_nowait())
        except TimeoutError:
            self.dropped += self._waiting.qsize()

    async def _send(self, news: _News) -> None:
        try:
            if not await self._counted(news):
                await self._created(news)
        except HelmwardError as error:
            self.dropped += 1
            log.debug("event not sent", reason=news.reason, error=str(error))

    async def _counted(self, news: _News) -> bool:
        """Count an event that was told before; false when there is none to count."""
        series = self._told.get(news)
        if series is None:
            return False
        self._told.move_to_end(news)
        patch = {"count": series.count + 1, "lastTimestamp": self._stamp()}
        try:
            await self._kube.patch(EVENTS, series.name, _namespace(news), patch)
        except NotFound:  # the server forgets events after an hour
            return False
        series.count += 1
        return True

    async def _created(self, news: _News) -> None:
        name = f"{news.regarding.name[:200]}.{secrets.token_hex(8)}"
        await self._kube.create(EVENTS, self._event(news, name), _namespace(news))
        self._told[news] = _Series(name, 1)
        if len(self._told) > self._remembered:
            self._told.popitem(last=False)

    def _event(self, news: _News, name: str) -> dict[str, Any]:
        about, now = news.regarding, self._stamp()
        involved = {
            "apiVersion": about.api_version,
            "kind": about.kind,
            "namespace": about.namespace,
            "name": about.name,
            "uid": about.uid,
        }
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": _namespace(news)},
            "involvedObject": {field: value for field, value in involved.items() if value},
            "type": news.type,
            "reason": news.reason,
            "message": news.message,
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }

    def _stamp(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _namespace(news: _News) -> str:
    """Return where the event lives; those of cluster-wide objects live in `default`."""
    return news.regarding.namespace or "default"


def _short(message: str) -> str:
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"
