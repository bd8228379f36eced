"""Where values come from: objects of the cluster, documents of the web, files of the chart.

Called by `compose`. Objects are read through the `Entries` that the caller
hands in; as whom the cluster is asked, the client behind them knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from helmward.engine import Engine
from helmward.errors import ConfigInvalid, ValuesInvalid
from helmward.kube.entries import Entries
from helmward.kube.resources import CONFIG_MAPS, SECRETS, Resource
from helmward.model import Chart, Document, SourceKind

RESOURCES: Final[Mapping[SourceKind, Resource]] = {
    SourceKind.CONFIG_MAP: CONFIG_MAPS,
    SourceKind.SECRET: SECRETS,
}
"""The kinds of object that values are read from."""
MAX_SOURCE: Final = 1024 * 1024
"""Bytes of one source."""
FETCH: Final = timedelta(seconds=20)
"""How long a document of the web may take."""


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


@dataclass(frozen=True, slots=True)
class SopsKeys:
    """The keys for what SOPS has encrypted; never printed."""

    age: tuple[bytes, ...] = ()
    pgp: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"SopsKeys({len(self.age)} age, {len(self.pgp)} pgp)"


NO_KEYS: Final = SopsKeys()
MAX_KEY: Final = 1024 * 1024
"""Bytes of one file with keys."""


def read_keys(age: Sequence[Path], pgp: Sequence[Path]) -> SopsKeys:
    """Read the files of `--sops-age-key` and `--sops-pgp-key`.

    Raises:
        ConfigInvalid: one cannot be read.
    """
    return SopsKeys(
        tuple(_key("--sops-age-key", file) for file in age),
        tuple(_key("--sops-pgp-key", file) for file in pgp),
    )


def _key(flag: str, file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_KEY + 1)
    except OSError as error:
        raise ConfigInvalid(f"{flag} {file}: {error.strerror}") from error
    if not content.strip() or len(content) > MAX_KEY:
        raise ConfigInvalid(f"{flag} {file}: holds no key: name a file with private keys")
    return content


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
        keys: SopsKeys = NO_KEYS,
    ) -> None:
        self._entries = entries
        self._engine = engine
        self._chart = chart
        self._fresh = fresh
        self._allowed = allowed
        self._keys = keys

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
        if not (self._keys.age or self._keys.pgp):
            raise ValuesInvalid(
                "is encrypted with SOPS, and there is no key for it: "
                "start Helmward with --sops-age-key or --sops-pgp-key"
            )
        return await self._engine.decrypt(
            document, form=form, age_keys=self._keys.age, pgp_keys=self._keys.pgp
        )
