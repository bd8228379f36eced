"""The values of a HelmRelease: every source in its order, `spec.values` over all.

Called by `releases.desire`, once a turn. Says what is wrong by field and by
object and quotes no content, for content may be secret.
"""

import asyncio
import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from helmward.errors import ValuesInvalid, ValuesUnavailable
from helmward.model import Declared, SourceKind, ValuesSource
from helmward.redaction import REDACTOR, Redactor, secrets_of, secrets_of_text
from helmward.values.fetch import Absent, Fetcher, check
from helmward.values.merge import Path, leaves, merge, stamped
from helmward.values.reading import INLINE, Unreadable, canonical, inline, read
from helmward.values.sources import Sources

MAX_COMPOSED: Final = 4 * 1024 * 1024
"""Bytes of the values of one HelmRelease."""
MAX_SECRETS: Final = 10_000
"""Values and lines of the Secrets of one HelmRelease: each is looked for in every message."""
_AT_ONCE: Final = 64 * 1024
"""Characters of secrets that are learned before anything else goes on."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The values that Helm is given, and what is known of them."""

    document: bytes
    """A JSON object; equal values are equal bytes."""
    secrets: frozenset[str] = frozenset()
    """Every text of a Secret that has to be masked, also of values that others cover."""
    origins: Mapping[Path, str] = field(default_factory=dict)
    """Which field of the spec set each leaf; a list is one leaf."""
    hidden: frozenset[Path] = frozenset()
    """The leaves that came from a Secret."""
    skipped: tuple[str, ...] = ()
    """Optional sources that were left out, each with the reason."""


async def compose(declared: Declared, sources: Sources) -> Composed:
    """Return the values of a HelmRelease; each object is read once.

    Raises:
        ValuesUnavailable: a source that is not optional is not there (yet).
        ValuesInvalid: a source is no YAML mapping, or there is too much of it.
        SpecInvalid: a field breaks a rule, or names a kind of source not served yet.
        AccessDenied, ClusterUnavailable: even for optional sources.
    """
    for source in declared.values_from:
        check(source)
    work = _Work(Fetcher(sources, declared.key.namespace))
    for source in declared.values_from:
        await work.add(source)
    work.lay(inline(declared.values), INLINE)
    return work.done()


async def keep_secret(owner: str, composed: Composed, redactor: Redactor = REDACTOR) -> None:
    """Have all that came from Secrets masked from now on; the same again costs nothing."""
    if redactor.knows(owner, composed.secrets):
        return
    if sum(map(len, composed.secrets)) < _AT_ONCE:
        redactor.learn(owner, composed.secrets)
    else:
        await asyncio.to_thread(redactor.learn, owner, composed.secrets)


class _Work:
    """One composition under way."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._values: dict[str, Any] = {}
        self._whose: dict[str, Any] = {}
        self._secrets: set[str] = set()
        self._of_secrets: set[str] = set()
        self._skipped: list[str] = []

    async def add(self, source: ValuesSource) -> None:
        """Lay a source over what there is, or skip it where that is allowed."""
        try:
            content = await self._fetcher.content(source)
        except Absent as absent:
            if not source.optional:
                raise ValuesUnavailable(f"{absent}, or set optional: true") from None
            self._skipped.append(str(absent))
            return
        try:
            values = read(content)
        except Unreadable as unreadable:
            self._unreadable(source, content, str(unreadable))
            return
        self._hide(source, content, secrets_of(values))
        self.lay(values, source.field)

    def lay(self, values: dict[str, Any], whose: str) -> None:
        """Lay values over what there is."""
        self._values = merge(self._values, values)
        self._whose = merge(self._whose, stamped(values, whose))

    def done(self) -> Composed:
        """Return what has come together."""
        document = canonical(self._values)
        if len(document) > MAX_COMPOSED:
            raise ValuesInvalid(
                f"spec: the composed values are larger than {MAX_COMPOSED // 1024**2} MiB: "
                "make them smaller"
            )
        origins = dict(leaves(self._whose))
        hidden = frozenset(path for path, whose in origins.items() if whose in self._of_secrets)
        return Composed(document, frozenset(self._secrets), origins, hidden, tuple(self._skipped))

    def _unreadable(self, source: ValuesSource, content: bytes, why: str) -> None:
        problem = f'{source.field}: key "{source.key}" of {self._fetcher.named(source)}: {why}'
        if not (source.optional and source.lenient):
            raise ValuesInvalid(problem) from None
        self._hide(source, content, secrets_of_text(content.decode("utf-8", "replace")))
        self._skipped.append(problem)

    def _hide(self, source: ValuesSource, content: bytes, secrets: Iterable[str]) -> None:
        """Note what of a Secret is secret: its values, and its file as the cluster shows it."""
        if source.kind is not SourceKind.SECRET:
            return
        self._of_secrets.add(source.field)
        self._secrets.update(secrets, [base64.b64encode(content).decode()])
        if sum(secret.count("\n") + 1 for secret in self._secrets) > MAX_SECRETS:
            raise ValuesInvalid(
                f"{source.field}: the Secrets hold more than {MAX_SECRETS} values and lines, too "
                "many to keep out of every message: move what is not secret into a ConfigMap"
            )
