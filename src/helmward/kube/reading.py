"""Splits lists and watches into single objects, each left unread for its own decoder."""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import msgspec

from helmward.errors import ClusterUnavailable
from helmward.kube.translate import Status, Target, refused

T = TypeVar("T")


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    next: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """One page of a list, its items unread."""

    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None
    """None is how the server writes an empty list of metadata."""

    @property
    def resource_version(self) -> str:
        """The version of the whole list."""
        return self.metadata.resource_version

    @property
    def next(self) -> str:
        """What to ask for next; empty on the last page."""
        return self.metadata.next


class WatchEvent(msgspec.Struct, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, object unread."""

    type: str
    object: msgspec.Raw


_page = msgspec.json.Decoder(Page)
_event = msgspec.json.Decoder(WatchEvent)


def understood(decode: Callable[[bytes], T], body: bytes, target: Target) -> T:
    """Return what a body says; one that no API server writes counts as an outage.

    Raises:
        ClusterUnavailable: something else answered, such as a proxy's error page.
    """
    try:
        return decode(body)
    except msgspec.MsgspecError as error:
        raise ClusterUnavailable(f"cannot {target}: no API server gave this answer") from error


def read_page(body: bytes, target: Target) -> Page:
    """Split one page of a list."""
    return understood(_page.decode, body, target)


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut a stream into lines of any length; an unfinished last line is dropped."""
    started: list[bytes] = []
    async for chunk in chunks:
        head, *others = chunk.split(b"\n")
        started.append(head)
        for other in others:
            yield b"".join(started)
            started = [other]


def read_event(line: bytes, target: Target) -> WatchEvent:
    """Read one line of a watch.

    Raises:
        HelmwardError: the line is an ERROR, such as Expired for code 410.
    """
    event = understood(_event.decode, line, target)
    if event.type == "ERROR":
        raise refused(target, msgspec.json.decode(event.object, type=Status), {})
    return event
