"""The values of a HelmRelease: every source in its order, `spec.values` over all.

Called by `releases.desire`, once a turn. Says what is wrong by field and by
object and quotes no content, for content may be secret.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import Any, Final

from helmward.errors import ValuesInvalid, ValuesUnavailable
from helmward.model import Declared, SourceKind, ValuesSource
from helmward.redaction import secrets_of, secrets_of_text
from helmward.values.composed import Composed
from helmward.values.defaults import default_sources
from helmward.values.fetch import Absent, Fetcher, check, secrets_of_url
from helmward.values.layers import CHART, Layer
from helmward.values.merge import Path, leaves, merge, stamped
from helmward.values.reading import INLINE, Unreadable, canonical, inline, read
from helmward.values.setting import NotSet, overlay, path_of, value_of
from helmward.values.sops import form_of, is_encrypted
from helmward.values.sources import Sources

MAX_COMPOSED: Final = 4 * 1024 * 1024
"""Bytes of the values of one HelmRelease."""
MAX_SECRETS: Final = 10_000
"""Values and lines of the Secrets of one HelmRelease: each is looked for in every message."""
AND: Final = " and "
"""Between the fields that have set one list together."""


async def compose(
    declared: Declared,
    sources: Sources,
    *,
    defaults: Sequence[str] = (),
    in_layers: bool = False,
) -> Composed:
    """Return the values of a HelmRelease; each source is read once.

    `defaults` name ConfigMaps or Secrets that lie below all of its own sources.
    Layers are kept, and the chart's own values read for them, only where asked for.

    Raises:
        ValuesUnavailable: a source that is not optional is not there (yet).
        ValuesInvalid: a source is no YAML mapping, or there is too much of it.
        SpecInvalid: a field breaks a rule.
        SourceForbidden: Helmward may not ask the address of a source.
        AccessDenied, ClusterUnavailable: even for optional sources.
        EngineLost, ChartEvicted: the engine cannot serve what it is asked for.
    """
    for source in declared.values_from:
        check(source)
    work = _Work(sources, declared.key.namespace, in_layers=in_layers)
    if in_layers:
        await work.add_chart()
    for entry in defaults:
        await work.add_default(entry)
    for source in declared.values_from:
        await work.add(source)
    await work.add_inline(declared.values)
    return work.done()


class _Work:
    """One composition under way."""

    def __init__(self, sources: Sources, namespace: str, *, in_layers: bool) -> None:
        self._sources = sources
        self._in_layers = in_layers
        self._fetcher = Fetcher(sources, namespace)
        self._values: dict[str, Any] = {}
        self._whose: dict[str, Any] = {}
        self._secrets: set[str] = set()
        self._of_secrets: set[str] = set()
        self._skipped: list[str] = []
        self._layers: list[Layer] = []

    async def add_chart(self) -> None:
        """Note the chart's own values as the lowest layer; Helm lays ours over them."""
        content = await self._sources.chart_file("values.yaml")
        try:
            values = read(content or b"")
        except Unreadable as unreadable:
            raise ValuesInvalid(f"{CHART}: {unreadable}") from None
        self._layers.append(Layer(CHART, values, in_chart=True))

    async def add_default(self, entry: str) -> None:
        """Lay a ConfigMap over what there is, or else the Secret of that name."""
        for source in default_sources(entry):
            try:
                content = await self._fetcher.content(source)
            except Absent:
                continue
            await self._lay_or_skip(source, content)
            return
        raise ValuesUnavailable(
            f"{source.field}: there is no ConfigMap or Secret {entry} with the key values.yaml: "
            "create it, or take the flag away"
        )

    async def add(self, source: ValuesSource) -> None:
        """Lay a source over what there is, or skip it where that is allowed."""
        if source.kind is SourceKind.EXTERNAL:
            self._secrets |= secrets_of_url(source.location)
        try:
            content = await self._fetcher.content(source)
        except Absent as absent:
            if not source.optional:
                raise absent.error from None
            self._skipped.append(str(absent))
            return
        await self._lay_or_skip(source, content)

    async def add_inline(self, document: bytes) -> None:
        """Lay the values of the spec over all."""
        values = inline(document)
        if is_encrypted(values):
            values = inline(await self._decrypt(INLINE, document, "json"))
            self._hide(INLINE, secrets_of(values))
        self._put(values, INLINE)

    def done(self) -> Composed:
        """Return what has come together."""
        document = canonical(self._values)
        if len(document) > MAX_COMPOSED:
            raise ValuesInvalid(
                f"spec: the composed values are larger than {MAX_COMPOSED // 1024**2} MiB: "
                "make them smaller"
            )
        origins = dict(leaves(self._whose))
        return Composed(
            document,
            frozenset(self._secrets),
            origins,
            frozenset(path for path, whose in origins.items() if whose in self._of_secrets),
            tuple(self._skipped),
            tuple(self._fetcher.notes),
            tuple(self._layers),
        )

    async def _lay_or_skip(self, source: ValuesSource, content: bytes) -> None:
        try:
            await self._lay(source, content)
        except Unreadable as unreadable:
            self._unreadable(source, content, str(unreadable))

    async def _lay(self, source: ValuesSource, content: bytes) -> None:
        """Lay what a text holds over what there is.

        Raises:
            Unreadable: it is not what values are written in.
        """
        if source.target:
            self._set(source, content)
            return
        values = read(content)
        if is_encrypted(values):
            values = read(await self._decrypt(source.field, content, form_of(content)))
            self._hide(source.field, secrets_of(values))
        self._hide_content(source, content, secrets_of(values))
        self._put(values, source.field, self._fetcher.where(source), source.kind)

    def _set(self, source: ValuesSource, content: bytes) -> None:
        """Set the text itself at the path of the source."""
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise Unreadable("it is not UTF-8 text") from None
        path = path_of(source.target, literal=source.literal)
        try:
            value = text if source.literal else value_of(text)
        except NotSet as error:
            raise Unreadable(str(error)) from None
        try:
            values = overlay(self._values, path, value)
        except NotSet as error:
            raise ValuesInvalid(
                f'{source.field}.targetPath: "{source.target}": {error}: set another path'
            ) from None
        self._hide_content(source, content, secrets_of([value, text]))
        self._put(values, self._among(source.field, path), self._fetcher.where(source), source.kind)

    def _among(self, field: str, path: Path) -> str:
        """Return whose a value is: where it goes into a list, also of who set the list."""
        number = next((at for at, step in enumerate(path) if isinstance(step, int)), None)
        if number is None:
            return field
        below: Any = self._whose
        for step in path[:number]:
            below = below.get(step) if isinstance(below, dict) else None
        if not isinstance(below, str) or field in below.split(AND):
            return field if not isinstance(below, str) else below
        both = f"{below}{AND}{field}"
        if not self._of_secrets.isdisjoint((below, field)):
            self._of_secrets.add(both)
        return both

    def _put(
        self, values: dict[str, Any], whose: str, about: str = "", kind: SourceKind | None = None
    ) -> None:
        self._values = merge(self._values, values)
        self._whose = merge(self._whose, stamped(values, whose))
        if self._in_layers:
            in_chart = kind is SourceKind.CHART_FILE
            self._layers.append(Layer(whose, values, about, whose in self._of_secrets, in_chart))

    async def _decrypt(self, field: str, document: bytes, form: str) -> bytes:
        try:
            return await self._sources.decrypt(document, form)
        except ValuesInvalid as error:
            raise ValuesInvalid(f"{field}: {error}") from None

    def _unreadable(self, source: ValuesSource, content: bytes, why: str) -> None:
        problem = f"{source.field}: {self._fetcher.where(source)}: {why}"
        if not (source.optional and source.lenient):
            raise ValuesInvalid(problem) from None
        self._hide_content(source, content, secrets_of_text(content.decode("utf-8", "replace")))
        self._skipped.append(problem)

    def _hide_content(self, source: ValuesSource, content: bytes, secrets: Iterable[str]) -> None:
        """Note what of a Secret is secret: its values, and its file as the cluster shows it."""
        if source.kind is SourceKind.SECRET:
            self._hide(source.field, [*secrets, base64.b64encode(content).decode()])

    def _hide(self, field: str, secrets: Iterable[str]) -> None:
        """Note that what a field has set is secret.

        Raises:
            ValuesInvalid: there is more than can be looked for.
        """
        self._of_secrets.add(field)
        self._secrets.update(secrets)
        if sum(secret.count("\n") + 1 for secret in self._secrets) > MAX_SECRETS:
            raise ValuesInvalid(
                f"{field}: the Secrets hold more than {MAX_SECRETS} values and lines, too "
                "many to keep out of every message: move what is not secret into a ConfigMap"
            )
