"""A HelmRelease and everything it refers to, as one `Desired`.

Called by `loop` once a turn. Asks the sources of values and charts; what is
wrong with the spec becomes an error that names the field.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import structlog

from helmward.charts import Charts
from helmward.errors import SpecInvalid
from helmward.kube.entries import Entries
from helmward.model import Chart, Declared, Desired, DriftMode, Key, Revision, ValuesPolicy
from helmward.values import Composed, Sources, checksum, compose, keep_secret

log = structlog.get_logger("helmward.releases")

NO_VALUES = Composed(b"{}")
REMEMBERED = 4096
"""Checksums that are not computed anew at each turn."""
DIGEST_RULES = "1"
"""Part of every digest: a change of what goes in is a change of all digests."""


async def desire(  # noqa: PLR0913  # what a turn asks, by name
    declared: Declared,
    charts: Charts,
    entries: Callable[[Key], Entries],
    sources: Callable[..., Sources],
    *,
    fresh: timedelta,
    defaults: Sequence[str] = (),
    drift: DriftMode = DriftMode.WARN,
) -> Desired:
    """Return what is asked for: chart fetched, values composed, digest taken.

    A source of charts or documents is asked again when what is known of it is
    older than `fresh`. `entries` reads ConfigMaps and Secrets for a HelmRelease;
    `sources(entries, chart, fresh=...)` is what its values are composed from, over
    the `defaults` of all. `drift` is the mode where a HelmRelease names none. One
    that is being deleted or is suspended needs none of these.
    What came from Secrets is masked from here on, whatever becomes of the rest.

    Raises:
        SpecInvalid: a field breaks a rule; the message names it.
        ValuesUnavailable, ValuesInvalid: of the values.
        SourceUnavailable, ChartNotFound, ChartRejected: of the chart.
        SourceForbidden: of either.
    """
    if declared.deleting:
        return _desired(declared, None, digest="deleted")
    if declared.commands.suspend:
        return _desired(declared, None, digest="suspended")
    if declared.problem:
        raise SpecInvalid(declared.problem)
    objects = entries(declared.key)
    chart = await charts.pull(declared, objects, fresh=fresh)
    found = sources(objects, chart, fresh=fresh)
    values = await compose(declared, found, defaults=defaults)
    await keep_secret(declared.key.owner, values)
    _tell(declared, values)
    digest = digest_of(chart, values.document, declared.options.values_policy)
    desired = _desired(declared, chart, values, digest=digest)
    policy = declared.drift
    return replace(desired, drift_mode=policy.mode or drift, ignore=policy.ignore)


def in_force(declared: Declared, newest: Revision | None, drift: DriftMode) -> Desired:
    """Return what is asked for as far as it is in force: what else is wanted is not known."""
    policy = declared.drift
    desired = _desired(declared, None, digest=newest.digest if newest else "")
    return replace(desired, drift_mode=policy.mode or drift, ignore=policy.ignore)


def digest_of(chart: Chart, values: bytes, policy: ValuesPolicy = ValuesPolicy.RESET) -> str:
    """Return the digest of what decides an upgrade: chart content, values, what lies under them.

    Equal documents have equal digests whatever the order of their keys. Other
    options change how a revision is made, not what it is.
    """
    canonical = msgspec.json.encode(msgspec.json.decode(values), order="deterministic")
    if policy is ValuesPolicy.REUSE_WHEN_EMPTY:
        policy = ValuesPolicy.REUSE if canonical == b"{}" else ValuesPolicy.RESET
    parts = (DIGEST_RULES.encode(), chart.digest.encode(), policy.encode(), canonical)
    return "sha256:" + hashlib.sha256(b"\0".join(parts)).hexdigest()


def _tell(declared: Declared, values: Composed) -> None:
    """Log what was left out, and, once while it stays so, what could not be asked for anew."""
    key = declared.key
    for why in values.skipped:
        log.debug("values left out", resource=str(key), why=why)
    if values.notes == _noted.get(key, ()):
        return
    for why in values.notes:
        log.warning("values are kept ones", resource=str(key), why=why)
    _noted.pop(key, None)
    if values.notes:
        _noted[key] = values.notes


_noted: dict[Key, tuple[str, ...]] = {}


def _checksum(values: bytes, digest: str) -> str:
    """Return the checksum of values, remembered by the digest of what is asked for."""
    if digest not in _checksums:
        if len(_checksums) >= REMEMBERED:
            _checksums.pop(next(iter(_checksums)))
        _checksums[digest] = checksum(values)
    return _checksums[digest]


_checksums: dict[str, str] = {}


def _desired(
    declared: Declared, chart: Chart | None, values: Composed = NO_VALUES, *, digest: str
) -> Desired:
    return Desired(
        key=declared.key,
        generation=declared.generation,
        release=declared.release,
        chart=chart,
        values=values.document,
        hidden=values.hidden,
        origins=values.origins,
        options=declared.options,
        commands=declared.commands,
        values_checksum=_checksum(values.document, digest) if chart else "",
        digest=digest,
        deleting=declared.deleting,
    )
