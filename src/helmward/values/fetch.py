"""Fetches the text of each source of one composition; everything is read once.

Called by `compose`. Says what cannot be had and how that is told; whether it
matters, `compose` knows.
"""

from collections.abc import Awaitable, Mapping
from typing import Final
from urllib.parse import urlsplit

from helmward.errors import (
    AccessDenied,
    ChartEvicted,
    ChartRejected,
    ClusterUnavailable,
    EngineLost,
    HelmwardError,
    Invalid,
    NotFound,
    ReleaseFailed,
    SourceUnavailable,
    SpecInvalid,
    TransientError,
    ValuesInvalid,
    ValuesUnavailable,
)
from helmward.model import SourceKind, ValuesSource
from helmward.values.setting import NotSet, path_of
from helmward.values.sources import MAX_SOURCE, RESOURCES, Sources

MAX_READ: Final = 8 * MAX_SOURCE
"""Bytes of all that is read for one HelmRelease."""
NOT_OURS: Final = (ChartEvicted, ClusterUnavailable, EngineLost)
"""What says nothing about a document or a file: the turn is tried again soon."""
MEANING: Final[Mapping[type[HelmwardError], type[HelmwardError]]] = {
    SourceUnavailable: ValuesUnavailable,
    ReleaseFailed: ValuesUnavailable,
    ChartRejected: ValuesInvalid,
}
"""What an error about a chart or a deadline is when values were asked for."""


class Absent(Exception):
    """A source cannot be had, which an optional one need not.

    The message names it and the first thing to do; `error` is what is raised
    where the source is not optional.
    """

    def __init__(self, why: str, error: HelmwardError) -> None:
        super().__init__(why)
        self.error = error


class Fetcher:
    """What one composition has read."""

    def __init__(self, sources: Sources, namespace: str) -> None:
        self._sources = sources
        self._namespace = namespace
        self._objects: dict[tuple[SourceKind, str, str], Mapping[str, bytes] | None] = {}
        self._documents: dict[tuple[SourceKind, str], bytes] = {}
        self._size = 0
        self.notes: list[str] = []
        """What is used although it could not be asked for anew."""

    async def content(self, source: ValuesSource) -> bytes:
        """Return the text of a source.

        Raises:
            Absent: it is not there; of a document or a file, it cannot be read.
            ValuesInvalid: there is too much of it.
            AccessDenied, ClusterUnavailable, EngineLost: it is not known whether it is there.
        """
        content = await (
            self._of_object(source) if source.kind in RESOURCES else self._located(source)
        )
        if len(content) > MAX_SOURCE:
            raise ValuesInvalid(
                f"{source.field}: {self.where(source)} is larger than "
                f"{_mebibytes(MAX_SOURCE)}: make it smaller"
            )
        return content

    def named(self, source: ValuesSource) -> str:
        """Name the object of a source."""
        return f"{RESOURCES[source.kind].kind} {self._space(source)}/{source.name}"

    def where(self, source: ValuesSource) -> str:
        """Name the very text of a source; of a URL what is no secret."""
        match source.kind:
            case SourceKind.EXTERNAL:
                return shown_url(source.location)
            case SourceKind.CHART_FILE:
                return f'file "{source.location}" of the chart'
            case _:
                return f'key "{source.key}" of {self.named(source)}'

    def _space(self, source: ValuesSource) -> str:
        return source.namespace or self._namespace

    async def _of_object(self, source: ValuesSource) -> bytes:
        entries = await self._entries(source)
        if entries is None:
            raise _absent(f"{source.field}: there is no {self.named(source)}: create it")
        if source.key not in entries:
            raise _absent(
                f'{source.field}: {self.named(source)} has no key "{source.key}": '
                "add it, name another key"
            )
        return entries[source.key]

    async def _entries(self, source: ValuesSource) -> Mapping[str, bytes] | None:
        """Return what the object holds; None if there is no such object."""
        known = (source.kind, self._space(source), source.name)
        if known not in self._objects:
            self._objects[known] = found = await self._ask(source)
            self._count(source, sum(map(len, (found or {}).values())))
        return self._objects[known]

    async def _ask(self, source: ValuesSource) -> Mapping[str, bytes] | None:
        try:
            return await self._sources.entries(
                RESOURCES[source.kind], self._space(source), source.name
            )
        except NotFound:
            return None
        except (AccessDenied, Invalid) as error:
            raise type(error)(f"{source.field}: {error}") from error

    async def _located(self, source: ValuesSource) -> bytes:
        """Return a document of the web or a file of the chart."""
        known = (source.kind, source.location)
        if known not in self._documents:
            ask = self._document if source.kind is SourceKind.EXTERNAL else self._file
            self._documents[known] = content = await _told(source, ask(source))
            self._count(source, len(content))
        return self._documents[known]

    async def _document(self, source: ValuesSource) -> bytes:
        found = await self._sources.document(source.location)
        if found.stale_reason:
            self.notes.append(f"{source.field}: an older copy is used: {found.stale_reason}")
        return found.content

    async def _file(self, source: ValuesSource) -> bytes:
        found = await self._sources.chart_file(source.location)
        if found is None:
            raise _absent(
                f'{source.field}: the chart has no file "{source.location}": '
                "name one of its files, from the chart's folder on"
            )
        return found

    def _count(self, source: ValuesSource, size: int) -> None:
        self._size += size
        if self._size > MAX_READ:
            raise ValuesInvalid(
                f"{source.field}: with this one, what values are read from is larger than "
                f"{_mebibytes(MAX_READ)}: take values from fewer sources"
            )


def _absent(why: str) -> Absent:
    return Absent(why, ValuesUnavailable(f"{why}, or set optional: true"))


async def _told(source: ValuesSource, asking: Awaitable[bytes]) -> bytes:
    """Return the answer; an error names the field and says what it means for values."""
    try:
        return await asking
    except NOT_OURS:
        raise
    except HelmwardError as error:
        kind = next((ours for theirs, ours in MEANING.items() if isinstance(error, theirs)), None)
        told = (kind or type(error))(f"{source.field}: {error}")
        if isinstance(error, TransientError) and isinstance(told, TransientError):
            told.retry_after = error.retry_after
        raise Absent(str(told), told) from error


def shown_url(url: str) -> str:
    """Return a URL without what may be secret in it: user, query, fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def secrets_of_url(url: str) -> frozenset[str]:
    """Return what of a URL is not to be read by others."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return frozenset({url})
    user, at, _ = parts.netloc.rpartition("@")
    password = user.partition(":")[2]
    return frozenset(filter(None, (user if at else "", password, parts.query)))


def check(source: ValuesSource) -> None:
    """See whether a source can be asked for at all.

    Raises:
        SpecInvalid: it has no name, or a path that cannot be set.
    """
    if source.kind in RESOURCES and not source.name:
        raise SpecInvalid(f"{source.field}.name: must not be empty")
    if source.literal and not source.target:
        raise SpecInvalid(f"{source.field}.literal: has no effect without targetPath: set both")
    if not source.target:
        return
    try:
        path_of(source.target, literal=source.literal)
    except NotSet as error:
        raise SpecInvalid(f'{source.field}.targetPath: "{source.target}": {error}') from None


def _mebibytes(size: int) -> str:
    return f"{size // 1024**2} MiB"
