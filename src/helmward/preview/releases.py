"""What HelmReleases would make of their releases: rendered by the engine, nothing written.

Called by `look`. Composes values and fetches charts as the operator does, with
the rights of who asks; ConfigMaps and Secrets count as the commit has them.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from helmward.apis import GENERATIONS
from helmward.charts import Charts
from helmward.engine import Engine
from helmward.engine.options import Content
from helmward.errors import HelmwardError, SpecInvalid
from helmward.kube.entries import Entries
from helmward.model import (
    Chart,
    Declared,
    ReleaseRef,
    Revision,
    Status,
    ValuesPolicy,
)
from helmward.preview.contents import changes, objects_in
from helmward.preview.findings import Fate, ObjectChange, ReleaseChange
from helmward.preview.masking import Masking
from helmward.redaction import REDACTOR, secrets_of
from helmward.settings import CHARTS_SYNC_INTERVAL, ChartSettings
from helmward.sops import Decrypter
from helmward.values import Composed, ReleaseSources, compose, keep_secret
from helmward.values.diff import diff
from helmward.values.merge import Path, leaves, merge

FRESH: Final = CHARTS_SYNC_INTERVAL
NOTHING: Final = Content()
Document = Mapping[str, Any]
_DECODERS: Final = {one.resource.api_version: one.decode for one in GENERATIONS}


@dataclass(frozen=True)
class Before:
    """What Helm's storage has of a release."""

    revision: Revision | None = None
    content: Content = NOTHING

    @property
    def chart(self) -> str:
        """Name and version of its chart; empty where another tool has written it."""
        return self.revision.chart if self.revision else ""


@dataclass(frozen=True)
class Asked:
    """A HelmRelease as the commit has it, and as it is."""

    document: Document
    former: Document | None
    entries: Entries
    """ConfigMaps and Secrets as the commit leaves them."""
    live: Entries
    """Those of the cluster."""

    @property
    def name(self) -> str:
        """`namespace/name`."""
        return named(self.document)


class Releases:
    """Renders HelmReleases, and says what that would change."""

    def __init__(
        self,
        engine: Engine,
        charts: Charts,
        settings: ChartSettings,
        decrypter: Decrypter,
        masking: Masking,
    ) -> None:
        self._engine = engine
        self._charts = charts
        self._settings = settings
        self._decrypter = decrypter
        self.masking = masking

    async def applied(self, asked: Asked) -> ReleaseChange | None:
        """Return what a HelmRelease would make of its release; None for nothing at all.

        What is wrong with it, or missing for it, is said in the answer.
        """
        release = ""
        try:
            declared = _declared(asked.document)
            release = str(declared.release)
            if declared.commands.suspend:
                return ReleaseChange(asked.name, release, Fate.SUSPENDED)
            return await self._rendered(declared, asked)
        except HelmwardError as error:
            return _unknown(asked.name, release, error)

    async def removed(self, document: Document) -> ReleaseChange:
        """Return what goes with a HelmRelease: by name, for whose values it had nobody knows."""
        name, release = named(document), ""
        try:
            declared = _declared(document)
            release = str(declared.release)
            before = await self._before(declared.release)
        except HelmwardError as error:
            return _unknown(name, release, error)
        volumes = before.revision.volumes if before.revision else ""
        found = self._difference(declared.release, before.content.manifest, "")
        return ReleaseChange(
            name,
            release,
            Fate.UNINSTALL,
            (before.chart, ""),
            objects=tuple(replace(one, lines=()) for one in found),
            volumes=tuple(filter(None, re.split(r"[,\s]+", volumes))),
        )

    async def _rendered(self, declared: Declared, asked: Asked) -> ReleaseChange | None:
        if declared.problem:
            raise SpecInvalid(declared.problem)
        before = await self._before(declared.release)
        chart = await self._charts.pull(declared, asked.entries, fresh=FRESH)
        composed = await self._composed(declared, chart, asked.entries)
        hidden = composed.hidden | await self._hidden_before(asked, chart, before)
        values = _over(composed.document, before, declared.options.values_policy)
        rendered = await self._engine.template(
            declared.release, chart=chart, values=values, is_upgrade=before.revision is not None
        )
        found = ReleaseChange(
            asked.name,
            str(declared.release),
            Fate.UPGRADE if before.revision else Fate.INSTALL,
            (before.chart, f"{chart.name}-{chart.version}"),
            diff(before.content.values, values, REDACTOR, hidden),
            self._difference(declared.release, before.content.manifest, rendered.manifest),
        )
        same = found.charts[0] == found.charts[1] and not found.values and not found.objects
        return None if same else found

    async def _hidden_before(self, asked: Asked, chart: Chart, before: Before) -> frozenset[Path]:
        """Return the places of the release's values that came from Secrets, and mask what is there.

        Where that cannot be told any more, all of them count as such.
        """
        values = dict(leaves(msgspec.json.decode(before.content.values)))
        hidden = frozenset(values)
        if asked.former is None:
            return frozenset()
        with suppress(HelmwardError):
            declared = _declared(asked.former)
            hidden = (await self._composed(declared, chart, asked.live)).hidden
        secret = [one for path, one in values.items() if path in hidden]
        REDACTOR.learn(f"{asked.name} before", secrets_of(secret))
        return hidden

    async def _composed(self, declared: Declared, chart: Chart, entries: Entries) -> Composed:
        sources = ReleaseSources(
            entries,
            self._engine,
            chart,
            fresh=FRESH,
            allowed=self._settings.allowed,
            decrypter=self._decrypter,
        )
        composed = await compose(declared, sources, defaults=self._settings.defaults)
        await keep_secret(declared.key.owner, composed)
        return composed

    async def _before(self, release: ReleaseRef) -> Before:
        """Return the deployed revision, or the newest where none is."""
        history = await self._engine.history(release)
        chosen = next((one for one in history if one.status is Status.DEPLOYED), None)
        if chosen is None:
            return Before()
        content = await self._engine.content(release, chosen.number)
        return Before(chosen, content or NOTHING)

    def _difference(self, release: ReleaseRef, before: str, after: str) -> tuple[ObjectChange, ...]:
        old, new = (objects_in(one, release.namespace) for one in (before, after))
        return tuple(changes(old, new, self.masking))


def named(document: Document) -> str:
    """Return what people call a HelmRelease."""
    metadata = document["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def _unknown(name: str, release: str, error: HelmwardError) -> ReleaseChange:
    why = REDACTOR.mask(" ".join(str(error).split()))
    return ReleaseChange(name, release, Fate.UNKNOWN, problem=why)


def _declared(document: Document) -> Declared:
    """Read a HelmRelease of any generation.

    Raises:
        SpecInvalid: it cannot be read.
    """
    try:
        return _DECODERS[str(document["apiVersion"])](msgspec.json.encode(document))
    except msgspec.DecodeError as error:
        raise SpecInvalid(f"HelmRelease {document['metadata']['name']}: {error}") from error


def _over(values: bytes, before: Before, policy: ValuesPolicy) -> bytes:
    """Return the values of an upgrade: over those of before, where that is asked for."""
    own = msgspec.json.decode(values)
    reused = policy is ValuesPolicy.REUSE or (policy is ValuesPolicy.REUSE_WHEN_EMPTY and not own)
    if not reused or before.revision is None:
        return values
    return msgspec.json.encode(merge(msgspec.json.decode(before.content.values), own))
