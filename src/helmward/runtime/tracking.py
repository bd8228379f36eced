"""What was read of an object, and whether news of it says that this is outdated; pure.

Called by `references`, which does the reading and the watching.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from helmward.kube.resources import Resource

ROOM: Final = 16 * 1024 * 1024
"""Bytes of content that are kept."""
OVERHEAD: Final = 512
"""Bytes that an object takes besides its content."""


class Ref(NamedTuple):
    """An object that somebody refers to."""

    resource: Resource
    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as a sentence names it."""
        return f"{self.resource.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class News:
    """What a watch says of an object: its version now, or at which version it was deleted."""

    version: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """At which version an object was read, and in which era of its watch.

    The version of an object that was absent is empty.
    """

    version: str
    era: int

    def outdated_by(self, news: News) -> bool:
        """Tell whether the object is another now than it was when it was read."""
        if not self.version:
            return not news.deleted
        return _newer(news.version, self.version)


def _newer(one: str, than: str) -> bool:
    """Compare versions as etcd numbers them; of others, any difference counts as news."""
    if one.isdecimal() and than.isdecimal():
        return int(one) > int(than)
    return one != than


@dataclass(frozen=True, slots=True)
class Content:
    """An object as it was read; without entries where there was none."""

    reading: Reading
    entries: Mapping[str, bytes] | None
    missing: str = ""
    """What the API server says of an object that is not there."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return OVERHEAD + sum(len(key) + len(text) for key, text in (self.entries or {}).items())


class Contents:
    """Content by object; what was not asked for longest goes when there is no room."""

    def __init__(self, room: int = ROOM) -> None:
        self.size = 0
        self._room = room
        self._kept: OrderedDict[Ref, Content] = OrderedDict()

    def __len__(self) -> int:
        """Return of how many objects something is kept."""
        return len(self._kept)

    def get(self, ref: Ref) -> Content | None:
        """Return what is kept of an object."""
        content = self._kept.get(ref)
        if content:
            self._kept.move_to_end(ref)
        return content

    def put(self, ref: Ref, content: Content) -> None:
        """Keep the content of an object, instead of what was kept of it."""
        self.drop(ref)
        self._kept[ref] = content
        self.size += content.size
        while self.size > self._room:
            self.drop(next(iter(self._kept)))

    def drop(self, ref: Ref) -> None:
        """Keep nothing of an object."""
        if content := self._kept.pop(ref, None):
            self.size -= content.size
