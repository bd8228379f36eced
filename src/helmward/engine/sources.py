"""The calls about what releases are made from: charts, their files, documents of the web.

Part of `client`. Credentials go along with each call; the engine keeps none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from helmward.engine import translate
from helmward.engine.caller import Caller
from helmward.engine.pb import engine_pb2 as pb
from helmward.errors import ChartEvicted
from helmward.model import ANYBODY, Access, Chart, ChartRef, Document, Repository, Verification

FETCH: Final = timedelta(seconds=60)
READ: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Folder:
    """A chart that lies in a folder, and what else may be read there."""

    root: Path
    """What file:// dependencies may not lead out of."""
    path: str
    """The chart's folder below it."""


class SourceCalls(Caller):
    """Charts and documents, in the name of one identity."""

    async def pull_chart(  # noqa: PLR0913  # what a source is told, by name
        self,
        ref: ChartRef,
        *,
        max_index_age: timedelta,
        access: Access = ANYBODY,
        verification: Verification | None = None,
        allowed: Sequence[str] = (),
        deadline: timedelta = FETCH,
    ) -> Chart:
        """Find a chart where it is published and have the engine keep it.

        A source that is down serves what was fetched before; the chart then
        says so in `stale_reason`. `allowed` are prefixes of URLs that may be
        asked; none allows all.

        Raises:
            SourceUnavailable, SourceForbidden, ChartNotFound, ChartRejected,
            ChartUnverified, EngineLost: as they say.
        """
        request = pb.PullChartRequest(
            call=self._call("pull", ref.name, deadline),
            repository=ref.repository,
            name=ref.name,
            version=ref.version,
            max_index_age_ms=_milliseconds(max_index_age),
            access=translate.access_of(access),
            verification=translate.verification_of(verification),
            egress=pb.Egress(allowed=allowed),
        )
        reply = await self._calls.unary(lambda stub: stub.PullChart, request, deadline)
        return translate.chart_from(reply)

    async def packed_chart(self, key: str, *, deadline: timedelta = READ) -> Chart | None:
        """Return the chart that was packed under a key; None where none was, or it is gone."""
        request = pb.PackChartRequest(call=self._call("packed", key, deadline), key=key)
        try:
            reply = await self._calls.unary(lambda stub: stub.PackChart, request, deadline)
        except ChartEvicted:
            return None
        return translate.chart_from(reply)

    async def pack_chart(  # noqa: PLR0913  # what a chart is made from, by name
        self,
        key: str,
        folder: Folder,
        *,
        skip_dependencies: bool = False,
        repositories: Sequence[Repository] = (),
        allowed: Sequence[str] = (),
        max_index_age: timedelta = timedelta(0),
        deadline: timedelta = FETCH,
    ) -> Chart:
        """Have the engine keep a chart that lies in a folder, its dependencies fetched.

        Raises:
            SourceUnavailable, SourceForbidden, ChartNotFound: of a dependency.
            ChartRejected, EngineLost: as they say.
        """
        request = pb.PackChartRequest(
            call=self._call("pack", key, deadline),
            key=key,
            folder=str(folder.root),
            path=folder.path,
            skip_dependencies=skip_dependencies,
            repositories=[translate.repository_of(one) for one in repositories],
            egress=pb.Egress(allowed=allowed),
            max_index_age_ms=_milliseconds(max_index_age),
        )
        reply = await self._calls.unary(lambda stub: stub.PackChart, request, deadline)
        return translate.chart_from(reply)

    async def chart_file(
        self, chart: Chart, path: str, *, deadline: timedelta = READ
    ) -> bytes | None:
        """Read a file of a chart by its path from the chart's folder; None where it has none.

        Raises:
            ChartEvicted: the engine no longer has the chart.
        """
        request = pb.ReadChartFileRequest(
            call=self._call("chart-file", path, deadline), chart_digest=chart.digest, path=path
        )
        reply = await self._calls.unary(lambda stub: stub.ReadChartFile, request, deadline)
        return bytes(reply.content) if reply.found else None

    async def fetch(  # noqa: PLR0913  # what a source is told, by name
        self,
        url: str,
        *,
        most: int,
        max_age: timedelta,
        access: Access = ANYBODY,
        allowed: Sequence[str] = (),
        deadline: timedelta = FETCH,
    ) -> Document:
        """Fetch a document of at most `most` bytes; one not older than `max_age` as it is kept.

        Raises:
            SourceUnavailable, SourceForbidden, EngineLost: as they say.
        """
        request = pb.FetchDocumentRequest(
            call=self._call("fetch", "", deadline),
            url=url,
            max_bytes=most,
            max_age_ms=_milliseconds(max_age),
            access=translate.access_of(access),
            egress=pb.Egress(allowed=allowed),
        )
        reply = await self._calls.unary(lambda stub: stub.FetchDocument, request, deadline)
        return translate.document_from(reply)


def _milliseconds(duration: timedelta) -> int:
    return int(duration / timedelta(milliseconds=1))
