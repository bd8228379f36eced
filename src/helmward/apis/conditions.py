"""Conditions that every generation has, and how one status follows another.

Called by the generations, each of which words the old operator's conditions
itself. Here are those of kstatus, `Suspended`, and what conditions carry over.
"""

from collections.abc import Iterable
from datetime import datetime

from helmward.model import Account, Condition, DriftState, Stage, Status, Told

FAILED = frozenset({Stage.WAITING, Stage.STALLED})
SUSPENDED = "Suspended"
DRIFTED = "Drifted"
MENDED = Condition(DRIFTED, "False", "DriftGone", "nothing differs any more")


def settled(
    account: Account, before: Told, words: Iterable[Condition | None]
) -> tuple[Condition, ...]:
    """Return every condition: a generation's own words, kstatus, `Drifted` and `Suspended`.

    One that does not apply is left out. While suspended nothing is looked at,
    so all stay as they were.
    """
    if account.stage is Stage.SUSPENDED:
        kept = (one for one in before.conditions if one.type != SUSPENDED)
        return (*kept, Condition(SUSPENDED, "True", "Suspended", account.message))
    drifted = drift_words(account, before)
    return (*(one for one in (*words, drifted) if one), *_kstatus(account))


def moved(before: Told, new: Condition, now: datetime) -> Condition:
    """Carry the time of the last change over when the status stayed the same."""
    old = told_before(before, new.type)
    same = old is not None and old.status == new.status and old.changed is not None
    changed = old.changed if old and same else now
    return Condition(new.type, new.status, new.reason, new.message, changed)


def told_before(before: Told, kind: str) -> Condition | None:
    """Return a condition as it was last told."""
    return next((one for one in before.conditions if one.type == kind), None)


def is_deployed(account: Account) -> bool:
    """Tell whether Helm calls the newest revision deployed."""
    return account.newest is not None and account.newest.status is Status.DEPLOYED


def chart_words(account: Account) -> str:
    """Say which chart was fetched, and why a kept copy was used if one was."""
    stale = account.chart.stale_reason if account.chart else ""
    return f"chart {account.chart}{f'; {stale}' if stale else ''}"


def stays_in_force(account: Account) -> str:
    """Say which revision goes on while what is asked for cannot be had."""
    return f"revision {account.newest.number} stays in force" if account.newest else ""


def drift_words(account: Account, before: Told) -> Condition | None:
    """Say how the objects stand; None where there never was any drift, or nobody looks.

    Ready is no part of it: a release whose objects somebody changed was
    released as asked for.
    """
    now, old = account.drift, told_before(before, DRIFTED)
    match now.state if now else None:
        case DriftState.OFF:
            return None
        case DriftState.DETECTED | DriftState.CONTESTED:
            return _drifted(account, "True")
        case DriftState.CORRECTED:
            return _drifted(account, "False")
        case DriftState.UNSEEN:
            return _drifted(account, "Unknown")
        case DriftState.NONE if old and old.status != "False":
            return MENDED
    return old


def _drifted(account: Account, status: str) -> Condition:
    assert account.drift is not None  # noqa: S101  # asked before
    return Condition(DRIFTED, status, account.drift.state, account.drift.message)


def _kstatus(account: Account) -> tuple[Condition, ...]:
    stage, reason, message = account.stage, account.reason, account.message
    # kstatus: Reconciling while something is still done by itself, Stalled when not.
    moving, stalled = stage in {Stage.WORKING, Stage.WAITING}, stage is Stage.STALLED
    ready = {Stage.READY: "True", Stage.WORKING: "Unknown"}.get(stage, "False")
    return (
        Condition("Ready", ready, reason, message),
        Condition("Reconciling", _flag(moving), reason, message if moving else ""),
        Condition("Stalled", _flag(stalled), reason, message if stalled else ""),
    )


def _flag(value: bool) -> str:
    return "True" if value else "False"
