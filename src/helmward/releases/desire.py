"""A HelmRelease and everything it refers to, as one `Desired`.

Called by `loop` once a turn. Asks the chart source, never the cluster; what
is wrong with the spec becomes an error that names the field.
"""

import hashlib
from datetime import timedelta

import msgspec

from helmward.charts import Charts
from helmward.errors import SpecInvalid
from helmward.model import Chart, Declared, Desired, ValuesPolicy

DIGEST_RULES = "1"
"""Part of every digest: a change of what goes in is a change of all digests."""


async def desire(declared: Declared, charts: Charts, *, fresh: timedelta) -> Desired:
    """Return what is asked for, its chart fetched, its digest taken.

    A chart repository is asked again when what is known of it is older than
    `fresh`. A resource that is being deleted or is suspended needs no chart.

    Raises:
        SpecInvalid: a field breaks a rule; the message names it.
        SourceUnavailable, ChartNotFound, ChartRejected: of the chart.
    """
    if declared.deleting:
        return _desired(declared, None, digest="deleted")
    if declared.commands.suspend:
        return _desired(declared, None, digest="suspended")
    if declared.problem:
        raise SpecInvalid(declared.problem)
    chart = await charts.pull(declared.chart, fresh=fresh)
    digest = digest_of(chart, declared.values, declared.options.values_policy)
    return _desired(declared, chart, digest=digest)


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


def _desired(declared: Declared, chart: Chart | None, *, digest: str) -> Desired:
    return Desired(
        key=declared.key,
        generation=declared.generation,
        release=declared.release,
        chart=chart,
        values=declared.values,
        options=declared.options,
        commands=declared.commands,
        digest=digest,
        deleting=declared.deleting,
    )
