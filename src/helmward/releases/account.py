"""What a turn tells, put together from what it wanted, found and did. Pure."""

from dataclasses import replace

from helmward.errors import (
    ChartNotFound,
    ChartRejected,
    HelmwardError,
    SourceUnavailable,
    TerminalError,
)
from helmward.model import Account, Attempts, Declared, Desired, Revision, Stage

OF_THE_CHART = (SourceUnavailable, ChartNotFound, ChartRejected)


def in_sync(declared: Declared, desired: Desired, newest: Revision | None, why: str) -> Account:
    """Everything is as asked for."""
    number = newest.number if newest else 0
    return Account(
        generation=declared.generation,
        release=declared.release,
        stage=Stage.READY,
        reason="InSync",
        message=f"revision {number} of {desired.chart} is {why}",
        chart_name=declared.chart.name,
        chart=desired.chart,
        newest=newest,
        deleting=declared.deleting,
    )


def under_way(
    declared: Declared, desired: Desired, newest: Revision | None, verb: str, why: str
) -> Account:
    """A verb is being performed, or a turn waits for something that will come."""
    return Account(
        generation=declared.generation,
        release=declared.release,
        stage=Stage.WORKING,
        reason=REASONS.get(verb, "Waiting"),
        message=why,
        chart_name=declared.chart.name,
        chart=desired.chart,
        newest=newest,
        action=verb,
        deleting=declared.deleting,
    )


REASONS = {
    "install": "Installing",
    "upgrade": "Upgrading",
    "uninstall": "Uninstalling",
    "unlock": "Unlocking",
}


def done(announced: Account, written: Revision | None) -> Account:
    """A verb succeeded; this is for the event, the status waits for the end of the turn."""
    which = f"revision {written.number}" if written else announced.release.name
    words = f"{PAST[announced.action]} {which}: {announced.message}"
    return replace(announced, message=words, newest=written or announced.newest)


PAST = {
    "install": "installed",
    "upgrade": "upgraded to",
    "uninstall": "uninstalled",
    "unlock": "unlocked",
}


def refused(
    declared: Declared, desired: Desired, newest: Revision | None, reason: str, why: str
) -> Account:
    """Nothing is done until the spec, or who holds the name, changes."""
    return Account(
        generation=declared.generation,
        release=declared.release,
        stage=Stage.STALLED,
        reason=reason,
        message=why,
        chart_name=declared.chart.name,
        chart=desired.chart,
        newest=newest if newest and newest.owner == declared.key.owner else None,
        deleting=declared.deleting,
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
        generation=declared.generation,
        release=declared.release,
        stage=Stage.STALLED if terminal else Stage.WAITING,
        reason=error.reason,
        message=str(error) if terminal else f"{error} ({_next(attempts)})",
        chart_name=declared.chart.name,
        chart=desired.chart if desired else None,
        chart_problem=str(error) if desired is None and isinstance(error, OF_THE_CHART) else "",
        newest=newest,
        action=verb,
        deleting=declared.deleting,
    )


def _next(attempts: Attempts) -> str:
    when = f", next try at {attempts.retry_at:%H:%M:%SZ}" if attempts.retry_at else ""
    return f"attempt {attempts.count}{when}"
