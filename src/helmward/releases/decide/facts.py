"""What the rules ask of their arguments, in the rules' own words. Pure."""

from collections.abc import Sequence
from typing import Final

from helmward.model import Desired, Observed, Revision, Status, Wait

LATE: Final = "a writer was stopped; what he left or made late is tidied up"

NAMED: Final = 10


def owns(desired: Desired, revision: Revision | None) -> bool:
    """Whether a revision is this HelmRelease's own."""
    return revision is not None and revision.owner == desired.key.owner


def own_newest(desired: Desired, observed: Observed) -> Revision | None:
    """Return the newest revision if it is this HelmRelease's own."""
    return observed.newest if owns(desired, observed.newest) else None


def deployed_own(desired: Desired, observed: Observed) -> Revision | None:
    """Return the newest revision if it is this HelmRelease's own, and deployed."""
    newest = own_newest(desired, observed)
    return newest if newest and newest.status is Status.DEPLOYED else None


def bad(desired: Desired, newest: Revision) -> bool:
    """Whether a revision failed, or its tests did and decide."""
    if newest.status is Status.FAILED:
        return True
    policy = desired.options.test
    decide = policy.enable and not policy.ignore_failures
    return newest.status is Status.DEPLOYED and decide and newest.tested == "failed"


def in_force(desired: Desired, observed: Observed) -> bool:
    """Whether what is asked for is there already: no install, upgrade or take-over is to come."""
    newest = own_newest(desired, observed)
    if newest is None or observed.former or observed.forced or bad(desired, newest):
        return False
    return newest.status is Status.DEPLOYED and newest.digest == desired.digest


def good_before(observed: Observed) -> Revision | None:
    """Return the newest revision before the newest that was in force once."""
    return next((one for one in observed.history[1:] if one.good), None)


def rolled_back(desired: Desired, newest: Revision) -> bool:
    """Whether what is asked for failed and this revision brought an older state back.

    Not where the older state is what is asked for: an upgrade without a change,
    forced, had failed then.
    """
    failed = newest.failed_digest == desired.digest != newest.digest
    return newest.status is Status.DEPLOYED and failed


def retry_is_allowed(desired: Desired, observed: Observed, newest: Revision) -> bool:
    """Whether what was rolled back is to be tried again.

    `maxRetries` bounds the rollbacks that were made before: 1 allows a second
    one. Source: Helm Operator 1.4.
    """
    if observed.forced or observed.reset:
        return True
    policy = desired.options.rollback
    return policy.retry and (policy.max_retries == 0 or newest.rollbacks <= policy.max_retries)


def outlived(observed: Observed) -> bool:
    """Whether a foreign pending revision is older than it may be."""
    until, now = observed.foreign_until, observed.now
    return until is not None and now is not None and now >= until


def spaced(desired: Desired, observed: Observed) -> Wait | None:
    """Wait while the same asked-for state failed and its next try is still to come."""
    tried, now = observed.attempts, observed.now
    if tried.digest != desired.digest or tried.retry_at is None or now is None:
        return None
    if now >= tried.retry_at:
        return None
    return Wait(why=tried.cause, until=tried.retry_at)


def change(desired: Desired, newest: Revision) -> str:
    """Say what differs between a revision and what is asked for."""
    asked = str(desired.chart)
    if newest.chart and newest.chart != asked:
        return f"chart {newest.chart} -> {asked}"
    chart = desired.chart
    if chart and newest.content and newest.content != chart.digest:
        return f"what is in chart {asked} changed" + (
            f" ({chart.commit[:12]})" if chart.commit else ""
        )
    return f"values or options changed (generation {desired.generation})"


def whose(revision: Revision) -> str:
    """Say who made a revision that is not this HelmRelease's."""
    return f"HelmRelease {revision.owner}" if revision.owner else "another tool"


def some(words: Sequence[str], between: str) -> str:
    """Name the first of many, and say how many more there are."""
    more = len(words) - NAMED
    return between.join((*words[:NAMED], *([f"{more} more"] if more > 0 else [])))
