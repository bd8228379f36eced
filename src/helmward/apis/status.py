"""The status that both generations write, and how it is read back.

Called by the generations: each adds its own fields, letter case and
conditions. What is read back as `Told` is what the next status goes on from.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec

from helmward.apis.conditions import moved
from helmward.apis.schema import said
from helmward.model import Account, Condition, Stage, Status, Told

_VERSION: Final = re.compile(r"-(v?\d+\.\d+.*)$")


class WrittenCondition(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One aspect of the release's state."""

    type: Annotated[str, said("Which aspect.")]
    status: Annotated[
        str,
        said("Whether it is so; Unknown while it is settled.", enum=["True", "False", "Unknown"]),
    ]
    reason: Annotated[str, said("The cause in one CamelCase word.")] = ""
    message: Annotated[str, said("The cause in plain words.")] = ""
    last_update_time: Annotated[datetime | None, said("When the condition was last written.")] = (
        None
    )
    last_transition_time: Annotated[
        datetime | None, said("When the status last took another value.")
    ] = None


class Written(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What became of it."""

    observed_generation: Annotated[
        int, said("Generation of the resource that this status speaks of.")
    ] = 0
    release_name: Annotated[str, said("Name of the Helm release.")] = ""
    release_status: str = ""
    release_revision: Annotated[int, said("Number of the newest revision in Helm's storage.")] = 0
    revision: Annotated[
        str, said("Version of the chart that is released; of a chart in git, its commit.")
    ] = ""
    last_attempted_revision: Annotated[
        str, said("The same of the last attempt, whether it succeeded or not.")
    ] = ""
    failures: Annotated[int, said("Attempts in a row that failed.")] = 0
    next_attempt_at: Annotated[
        datetime | None, said("When the next attempt is made, after one that failed.")
    ] = None
    last_handled_reconcile_at: Annotated[
        str, said("Last reconcile.fluxcd.io/requestedAt that was acted on.")
    ] = ""
    last_handled_force_at: Annotated[
        str, said("Last reconcile.fluxcd.io/forceAt that was acted on.")
    ] = ""
    last_handled_reset_at: Annotated[
        str, said("Last reconcile.fluxcd.io/resetAt that was acted on.")
    ] = ""
    conditions: Annotated[
        tuple[WrittenCondition, ...], said("The aspects of the state, each with its cause.")
    ] = ()


S = TypeVar("S", bound=Written)


def filled(
    blank: S,
    account: Account,
    before: Told,
    now: datetime,
    conditions: tuple[Condition, ...],
) -> S:
    """Fill in what all generations tell; the rest of `blank` stays as it is."""
    newest, attempts = account.newest, account.attempts
    waits = account.stage is Stage.WAITING and attempts and attempts.retry_at
    return msgspec.structs.replace(
        blank,
        # What is suspended was not looked at: its old state must not pass for the new one's.
        observed_generation=(
            before.generation if account.stage is Stage.SUSPENDED else account.generation
        ),
        release_name=account.release.name,
        release_revision=newest.number if newest else 0,
        revision=_deployed(account, before),
        last_attempted_revision=_attempted(account, before),
        failures=attempts.count if attempts else 0,
        next_attempt_at=_seconds(attempts.retry_at) if attempts and waits else None,
        last_handled_reconcile_at=account.requested_at or before.requested_at,
        last_handled_force_at=account.force_at or before.force_at,
        last_handled_reset_at=account.reset_at or before.reset_at,
        conditions=tuple(_written(moved(before, one, now), now) for one in conditions),
    )


def told_of(written: Written, **own: Any) -> Told:
    """Return what a status tells; `own` are the fields that one generation has alone."""
    return Told(
        generation=written.observed_generation,
        release_name=written.release_name,
        revision=written.release_revision,
        requested_at=written.last_handled_reconcile_at,
        force_at=written.last_handled_force_at,
        reset_at=written.last_handled_reset_at,
        attempted=written.last_attempted_revision,
        deployed=written.revision,
        conditions=tuple(map(_read, written.conditions)),
        digest=_digest(written),
        **own,
    )


def _deployed(account: Account, before: Told) -> str:
    """Return what is released; while a newer revision is not deployed, what was before."""
    newest = account.newest
    if newest is None:
        return ""
    if newest.status is not Status.DEPLOYED:
        return before.deployed
    if account.from_git:
        # Helm's storage knows no commits: the chart of the turn is the one that is in force.
        ready = account.stage is Stage.READY and account.chart
        return ready.revision if ready else before.deployed
    return _version_in(newest.chart, account)


def _attempted(account: Account, before: Told) -> str:
    tried = account.stage is Stage.READY or account.action in {"install", "upgrade"}
    return account.chart.revision if tried and account.chart else before.attempted


def _version_in(chart: str, account: Account) -> str:
    """Take the version out of `<name>-<version>`; the name asked for may be another by now."""
    for name in (account.chart.name if account.chart else "", account.chart_name):
        if name and chart.startswith(f"{name}-"):
            return chart.removeprefix(f"{name}-")
    found = _VERSION.search(chart)
    return found.group(1) if found else chart


def _written(one: Condition, now: datetime) -> WrittenCondition:
    return WrittenCondition(
        type=one.type,
        status=one.status,
        reason=one.reason,
        message=one.message,
        last_update_time=_seconds(now),
        last_transition_time=_seconds(one.changed or now),
    )


def _read(one: WrittenCondition) -> Condition:
    return Condition(one.type, one.status, one.reason, one.message, one.last_transition_time)


def _seconds(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(microsecond=0) if moment else None


def _digest(written: Written) -> str:
    """Return the status without the times of its conditions, which are no news."""
    timeless = tuple(
        msgspec.structs.replace(one, last_update_time=None, last_transition_time=None)
        for one in written.conditions
    )
    return msgspec.json.encode(msgspec.structs.replace(written, conditions=timeless)).decode()
