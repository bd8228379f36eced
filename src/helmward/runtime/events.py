"""Kubernetes Events: told and forgotten, so that no turn waits for one.

What is told again is counted instead of repeated. Failures are alike when they
differ in numbers only (attempts, times), and one topic of one object, however
its words change, makes no more than a few events an hour.
"""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from helmward.errors import HelmwardError, NotFound
from helmward.kube import Kube
from helmward.kube.resources import EVENTS

LONGEST: Final = 1024
NORMAL: Final = "Normal"
WARNING: Final = "Warning"
LAST_WORDS: Final = 2.0
AT_ONCE: Final = 10
"""Events of one topic that may differ in words; after them, one in each `REST`."""
REST: Final = timedelta(hours=1)
_NUMBERS: Final = re.compile(r"\d+")

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
class _Topic:
    """Whom an event is about, and what it is about."""

    regarding: Regarding
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class _News:
    topic: _Topic
    message: str

    @property
    def gist(self) -> str:
        """What makes it another event than the one before."""
        return _NUMBERS.sub("#", self.message) if self.topic.type == WARNING else self.message


@dataclass(slots=True)
class _Series:
    """An event that was sent, as the server has it."""

    name: str
    message: str
    sent: datetime
    count: int = 1


@dataclass(slots=True)
class _Told:
    """The events of one topic by their gist, the newest last."""

    series: OrderedDict[str, _Series] = field(default_factory=OrderedDict)

    def takes(self, news: _News, now: datetime) -> str:
        """Return the gist under which news is counted; empty when it is worth an event."""
        if news.gist in self.series:
            return news.gist
        if len(self.series) < AT_ONCE:
            return ""
        newest = next(reversed(self.series))
        return "" if now - self.series[newest].sent >= REST else newest

    def add(self, gist: str, series: _Series) -> None:
        """Remember an event that was sent, the oldest given up for it."""
        self.series[gist] = series
        if len(self.series) > AT_ONCE:
            self.series.popitem(last=False)


class EventRecorder:
    """Sends events in the background; what is told again is counted instead of repeated.

    When more wait than `room`, the newest is dropped and counted in `dropped`:
    events are for humans, and nothing depends on one.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        component: str = "helmward",
        room: int = 1000,
        remembered: int = 5000,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.dropped = 0
        self._kube = kube
        self._component = component
        self._waiting: asyncio.Queue[_News] = asyncio.Queue(room)
        self._sending = False
        self._told: OrderedDict[_Topic, _Told] = OrderedDict()
        self._remembered = remembered
        self._now = now

    def record(
        self, regarding: Regarding, reason: str, message: str, *, warning: bool = False
    ) -> None:
        """Tell of something that happened; returns at once and never fails."""
        topic = _Topic(regarding, WARNING if warning else NORMAL, reason)
        try:
            self._waiting.put_nowait(_News(topic, _short(message)))
        except asyncio.QueueFull:
            self.dropped += 1

    @property
    def idle(self) -> bool:
        """Whether everything that was recorded is sent."""
        return self._waiting.empty() and not self._sending

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
        self._sending = True
        try:
            if not await self._counted(news):
                await self._created(news)
        except HelmwardError as error:
            self.dropped += 1
            log.debug("event not sent", reason=news.topic.reason, error=str(error))
        finally:
            self._sending = False

    async def _counted(self, news: _News) -> bool:
        """Count an event that was told before; false when there is none to count."""
        told = self._told.get(news.topic)
        gist = told.takes(news, self._now()) if told else ""
        if not (told and gist):
            return False
        self._told.move_to_end(news.topic)
        series = told.series[gist]
        patch: dict[str, Any] = {"count": series.count + 1, "lastTimestamp": self._stamp()}
        if news.message != series.message:
            patch["message"] = news.message
        try:
            await self._kube.patch(EVENTS, series.name, _namespace(news), patch)
        except NotFound:  # the server forgets events after an hour
            del told.series[gist]
            return False
        series.count, series.message = series.count + 1, news.message
        return True

    async def _created(self, news: _News) -> None:
        name = f"{news.topic.regarding.name[:200]}.{secrets.token_hex(8)}"
        await self._kube.create(EVENTS, self._event(news, name), _namespace(news))
        told = self._told.setdefault(news.topic, _Told())
        told.add(news.gist, _Series(name, news.message, self._now()))
        self._told.move_to_end(news.topic)
        if len(self._told) > self._remembered:
            self._told.popitem(last=False)

    def _event(self, news: _News, name: str) -> dict[str, Any]:
        about, now = news.topic.regarding, self._stamp()
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
            "type": news.topic.type,
            "reason": news.topic.reason,
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
    return news.topic.regarding.namespace or "default"


def _short(message: str) -> str:
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"
