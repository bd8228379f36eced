"""What a turn tells, put together from what it wanted, found and did. Pure."""

from dataclasses import replace
from typing import Any, Final

from helmward.errors import (
    ChartNotFound,
    ChartRejected,
    ChartUnverified,
    HelmwardError,
    SourceForbidden,
    SourceUnavailable,
    TerminalError,
)
from helmward.model import (
    Account,
    Attempts,
    Chart,
    Declared,
    Desired,
    DriftStanding,
    DriftState,
    GitChart,
    Observed,
    Outcome,
    Revision,
    Stage,
    Status,
)

OF_THE_CHART = (
    SourceUnavailable,
    SourceForbidden,
    ChartNotFound,
    ChartRejected,
    ChartUnverified,
)


def in_sync(declared: Declared, desired: Desired, observed: Observed, why: str) -> Account:
    """Everything is as asked for."""
    newest = observed.newest
    number = newest.number if newest else 0
    return Account(
        stage=Stage.READY,
        reason="InSync",
        message=f"revision {number} of {desired.chart} is {why}{_of_its_source(desired.chart)}",
        **_common(declared, desired, newest),
    )


def under_way(
    declared: Declared, desired: Desired, newest: Revision | None, verb: str, why: str
) -> Account:
    """A verb is being performed, or a turn waits for something that will come."""
    running = {
        "tested": Outcome.RUNNING if verb == "test" else Outcome.NONE,
        "rolled_back": Outcome.RUNNING if verb == "rollback" else Outcome.NONE,
    }
    return Account(
        stage=Stage.WORKING,
        reason=REASONS.get(verb, "Waiting"),
        message=why,
        action=verb,
        **(_common(declared, desired, newest) | running),
    )


REASONS: Final = {
    "install": "Installing",
    "upgrade": "Upgrading",
    "rollback": "RollingBack",
    "test": "Testing",
    "uninstall": "Uninstalling",
    "unlock": "Unlocking",
    "resume": "Resuming",
    "adopt": "Adopting",
}


def done(announced: Account, written: Revision | None) -> Account:
    """A verb succeeded; this is for the event, the status waits for the end of the turn."""
    which = f"revision {written.number}" if written else announced.release.name
    words = f"{PAST[announced.action]} {which}: {announced.message}"
    return replace(announced, message=words, newest=written or announced.newest)


PAST: Final = {
    "install": "installed",
    "upgrade": "upgraded to",
    "rollback": "rolled back with",
    "test": "tested",
    "uninstall": "uninstalled",
    "unlock": "unlocked",
    "resume": "waited for",
    "adopt": "adopted",
}


def refused(
    declared: Declared, desired: Desired, observed: Observed, reason: str, why: str
) -> Account:
    """Nothing is done until the spec, or who holds the name, changes."""
    newest = observed.newest
    ours = newest if newest and newest.owner == declared.key.owner else None
    cause = _cause(declared, desired, observed, reason)
    return Account(
        stage=Stage.STALLED,
        reason=reason,
        message=f"{cause}; {why}" if cause else why,
        **_common(declared, desired, ours),
    )


def suspended(declared: Declared, desired: Desired, observed: Observed, why: str) -> Account:
    """The user wants the release left alone."""
    return Account(
        stage=Stage.SUSPENDED,
        reason="Suspended",
        message=why,
        **_common(declared, desired, observed.newest),
    )


def failed(  # noqa: PLR0913, PLR0917  # a failure has as many sides
    declared: Declared,
    desired: Desired | None,
    newest: Revision | None,
    error: HelmwardError,
    verb: str,
    attempts: Attempts,
) -> Account:
    """A turn ended with an error; the cause stands in the message."""
    terminal = isinstance(error, TerminalError)
    return Account(
        stage=Stage.STALLED if terminal else Stage.WAITING,
        reason=error.reason,
        message=str(error) if terminal else f"{error} ({_next(attempts)})",
        chart_problem=str(error) if desired is None and isinstance(error, OF_THE_CHART) else "",
        action=verb,
        attempts=attempts,
        **_common(declared, desired, newest),
    )


def now_at(account: Account, declared: Declared, desired: Desired, observed: Observed) -> Account:
    """Bring an account that was made before up to what is there now."""
    fresh = _common(declared, desired, observed.newest)
    kept = ("newest", "tested", "rolled_back", "rollbacks")
    account = replace(account, **{name: fresh[name] for name in kept})
    newest = observed.newest
    if newest is None or account.rolled_back is not Outcome.PASSED:
        return account
    return replace(account, message=f"{account.message}; rolled back with revision {newest.number}")


def acted_on(account: Account, declared: Declared) -> Account:
    """Note which of the user's requests the turn has served."""
    commands, before = declared.commands, declared.told
    return replace(
        account,
        requested_at=commands.requested_at or before.requested_at,
        force_at=commands.force_at if forces(declared) else before.force_at,
        reset_at=commands.reset_at if resets(declared) else before.reset_at,
    )


def requests(declared: Declared) -> bool:
    """Whether a look at once is asked for that was not had yet."""
    asked = declared.commands.requested_at
    return bool(asked) and asked != declared.told.requested_at


def forces(declared: Declared) -> bool:
    """Whether an upgrade without a cause is asked for: the token equals that of the request.

    Source: the annotations of Flux 2.
    """
    asked = declared.commands
    token = asked.force_at
    return bool(token) and token == asked.requested_at and token != declared.told.force_at


def resets(declared: Declared) -> bool:
    """Whether failures are to count from nought: the token equals that of the request."""
    asked = declared.commands
    token = asked.reset_at
    return bool(token) and token == asked.requested_at and token != declared.told.reset_at


def brought_back(
    account: Account, drift: DriftStanding | None, tampered: str
) -> DriftStanding | None:
    """Add what somebody did to the release's records and was put right, unless worse is known."""
    worse = drift and drift.state not in {DriftState.NONE, DriftState.CORRECTED}
    if not tampered or worse or account.stage is not Stage.READY:
        return drift
    number = account.newest.number if account.newest else 0
    return DriftStanding(DriftState.CORRECTED, f"{tampered}; brought back with revision {number}")


def _common(declared: Declared, desired: Desired | None, newest: Revision | None) -> dict[str, Any]:
    tests = declared.options.test
    return {
        "generation": declared.generation,
        "release": declared.release,
        "chart_name": declared.chart.name,
        "chart": desired.chart if desired else None,
        "from_git": isinstance(declared.chart, GitChart),
        "values_checksum": desired.values_checksum if desired else "",
        "newest": newest,
        "deleting": declared.deleting,
        "tested": _tested(newest) if tests.enable else Outcome.NONE,
        "tests_decide": not tests.ignore_failures,
        "rolled_back": _rolled_back(newest),
        "rollbacks": newest.rollbacks if newest else 0,
    }


def _of_its_source(chart: Chart | None) -> str:
    """Return who signed the chart, and why what was fetched before is served, where that is so."""
    if chart is None:
        return ""
    signed = f"; signed by {chart.signed_by}" if chart.signed_by else ""
    return signed + (f"; {KEPT}: {chart.stale_reason}" if chart.stale_reason else "")


KEPT: Final = "the chart is the one that was fetched before"


def _cause(declared: Declared, desired: Desired, observed: Observed, reason: str) -> str:
    """Return why what is refused had failed: as remembered, else as the status still says."""
    if reason != "RolledBack":
        return ""
    if observed.attempts.digest == desired.digest:
        return observed.attempts.cause
    before = next((one for one in declared.told.conditions if one.type == "Ready"), None)
    same = before and before.reason == reason and declared.told.generation == declared.generation
    return before.message.partition(SEPARATOR)[0] if before and same else ""


SEPARATOR: Final = "; revision "
"""Between the cause of a rollback and what became of it."""


def _tested(newest: Revision | None) -> Outcome:
    return Outcome(newest.tested) if newest and newest.tested in set(Outcome) else Outcome.NONE


def _rolled_back(newest: Revision | None) -> Outcome:
    if newest is None or not newest.failed_digest:
        return Outcome.NONE
    return Outcome.FAILED if newest.status is Status.FAILED else Outcome.PASSED


def _next(attempts: Attempts) -> str:
    when = f", next try at {attempts.retry_at:%H:%M:%SZ}" if attempts.retry_at else ""
    return f"attempt {attempts.count}{when}"
