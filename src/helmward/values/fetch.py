"""Fetches the text of each source of one composition; every object is read once.

Called by `compose`. Says what is not there; whether that matters, `compose`
knows.
"""

from collections.abc import Mapping
from typing import Final

from helmward.errors import AccessDenied, Invalid, NotFound, SpecInvalid, ValuesInvalid
from helmward.model import SourceKind, ValuesSource
from helmward.values.sources import MAX_SOURCE, RESOURCES, Sources

MAX_READ: Final = 8 * MAX_SOURCE
"""Bytes of all objects of one HelmRelease."""

_NOT_SERVED: Final = {
    SourceKind.EXTERNAL: "values from a URL",
    SourceKind.CHART_FILE: "values from a file of the chart",
}


class Absent(Exception):
    """The object or its key is not there; the message names it and the first thing to do."""


class Fetcher:
    """The objects that one composition has read."""

    def __init__(self, sources: Sources, namespace: str) -> None:
        self._sources = sources
        self._namespace = namespace
        self._objects: dict[tuple[SourceKind, str, str], Mapping[str, bytes] | None] = {}
        self._size = 0

    async def content(self, source: ValuesSource) -> bytes:
        """Return the text of a source.

        Raises:
            Absent: there is no such object, or it has no such key.
            ValuesInvalid: there is too much of it.
            AccessDenied, ClusterUnavailable: it is not known whether it is there.
        """
        entries = await self._entries(source)
        if entries is None:
            raise Absent(f"{source.field}: there is no {self.named(source)}: create it")
        if source.key not in entries:
            raise Absent(
                f'{source.field}: {self.named(source)} has no key "{source.key}": '
                "add it, name another key"
            )
        content = entries[source.key]
        if len(content) > MAX_SOURCE:
            raise ValuesInvalid(
                f'{source.field}: key "{source.key}" of {self.named(source)} is larger than '
                f"{_mebibytes(MAX_SOURCE)}: make it smaller"
            )
        return content

    def named(self, source: ValuesSource) -> str:
        """Name the object of a source."""
        return f"{RESOURCES[source.kind].kind} {self._space(source)}/{source.name}"

    def _space(self, source: ValuesSource) -> str:
        return source.namespace or self._namespace

    async def _entries(self, source: ValuesSource) -> Mapping[str, bytes] | None:
        """Return what the object holds; None if there is no such object."""
        known = (source.kind, self._space(source), source.name)
        if known not in self._objects:
            self._objects[known] = found = await self._ask(source)
            self._size += sum(map(len, (found or {}).values()))
        if self._size > MAX_READ:
            raise ValuesInvalid(
                f"{source.field}: with this one, the objects that values are read from are larger "
                f"than {_mebibytes(MAX_READ)}: take values from fewer of them"
            )
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


def check(source: ValuesSource) -> None:
    """See whether a source can be asked for at all.

    Raises:
        SpecInvalid: it is of a kind not served yet, or has no name.
    """
    if source.kind not in RESOURCES:
        raise SpecInvalid(
            f"{source.field}: {_NOT_SERVED[source.kind]} are not served yet: "
            "put them into a ConfigMap or a Secret"
        )
    if not source.name:
        raise SpecInvalid(f"{source.field}.name: must not be empty")


def _mebibytes(size: int) -> str:
    return f"{size // 1024**2} MiB"
