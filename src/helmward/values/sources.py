"""Where values come from: objects of the cluster, documents of the web, files of the chart.

Called by `compose`. Objects are read through the `Entries` that the caller
hands in; as whom the cluster is asked, the client behind them knows.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol

from helmward.engine import Engine
from helmward.errors import ValuesInvalid
from helmward.kube.entries import Entries
from helmward.kube.resources import CONFIG_MAPS, SECRETS, Resource
from helmward.model import Chart, Document, SourceKind
from helmward.sops import Decrypter, DecryptFailed, Keys

RESOURCES: Final[Mapping[SourceKind, Resource]] = {
    SourceKind.CONFIG_MAP: CONFIG_MAPS,
    SourceKind.SECRET: SECRETS,
}
"""The kinds of object that values are read from."""
MAX_SOURCE: Final = 1024 * 1024
"""Bytes of one source."""
FETCH: Final = timedelta(seconds=20)
"""How long a document of the web may take."""
NO_KEYS: Final = Decrypter(Keys())


class Sources(Entries, Protocol):
    """What a composition is made from."""

    async def document(self, url: str) -> Document:
        """Return a document of the web.

        Raises:
            SourceUnavailable, SourceForbidden, EngineLost: as they say.
        """

    async def chart_file(self, path: str) -> bytes | None:
        """Return a file of the chart; None where it has none.

        Raises:
            ChartEvicted: the engine no longer has the chart.
        """

    async def decrypt(self, document: bytes, form: str) -> bytes:
        """Return a document that SOPS has encrypted as it was; `form` is yaml or json.

        Raises:
            ValuesInvalid: there is no key, none fits, or it was changed since.
        """


class ReleaseSources:
    """What one HelmRelease may refer to: objects, the web, and the chart that it asks for."""

    def __init__(  # noqa: PLR0913  # what there is to read from, by name
        self,
        entries: Entries,
        engine: Engine,
        chart: Chart,
        *,
        fresh: timedelta,
        allowed: Sequence[str] = (),
        decrypter: Decrypter = NO_KEYS,
    ) -> None:
        self._entries = entries
        self._engine = engine
        self._chart = chart
        self._fresh = fresh
        self._allowed = allowed
        self._decrypter = decrypter

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return the content of a ConfigMap or Secret by key; see `Entries`."""
        return await self._entries.entries(resource, namespace, name)

    async def document(self, url: str) -> Document:
        """Return a document of the web; see `Sources`."""
        return await self._engine.fetch(
            url, most=MAX_SOURCE, max_age=self._fresh, allowed=self._allowed, deadline=FETCH
        )

    async def chart_file(self, path: str) -> bytes | None:
        """Return a file of the chart; see `Sources`."""
        return await self._engine.chart_file(self._chart, path)

    async def decrypt(self, document: bytes, form: str) -> bytes:
        """Return a document that SOPS has encrypted as it was; see `Sources`."""
        try:
            return await self._decrypter.decrypt(document, form)
        except DecryptFailed as error:
            raise ValuesInvalid(str(error)) from None
