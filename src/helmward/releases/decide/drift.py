"""Rules for objects that somebody may have changed: they are looked at, or put right."""

from collections.abc import Iterable, Iterator
from typing import Final

from helmward.model import (
    Correct,
    Decision,
    Desired,
    Divergence,
    DriftMode,
    Look,
    ObjectRef,
    Observed,
    Revision,
    Status,
)
from helmward.releases.decide.facts import own_newest, retry_is_allowed, rolled_back, spaced

NAMED: Final = 3
"""Of how many objects a decision tells the names."""


def keep_in_force(desired: Desired, observed: Observed) -> Decision | None:
    """While what failed waits or is refused, what is in force is kept as what is in sync is."""
    newest = own_newest(desired, observed)
    if newest is None or not _stays(desired, observed, newest):
        return None
    return look_at_suspects(desired, observed) or correct_drift(desired, observed)


def look_at_suspects(desired: Desired, observed: Observed) -> Decision | None:
    """Objects that somebody may have changed are looked at, where that is only to be told."""
    newest = _kept(desired, observed)
    if newest is None or desired.drift_mode is not DriftMode.WARN:
        return None
    if observed.unknown_objects:
        return Look(newest.number, frozenset(), why=_all(newest))
    objects = _doubted(observed, (one.object for one in _known(observed) if not one.differs))
    return Look(newest.number, objects, why=_named(newest, objects)) if objects else None


def correct_drift(desired: Desired, observed: Observed) -> Decision | None:
    """Objects that somebody may have changed are put right, where that is wanted.

    No revision is made. What was undone again and again, or refused, has its
    turn after a while.
    """
    newest = _kept(desired, observed)
    if newest is None or desired.drift_mode is not DriftMode.ENABLED:
        return None
    if observed.unknown_objects:
        return Correct(newest.number, frozenset(), why=_all(newest))
    objects = _doubted(observed, (one.object for one in _known(observed)))
    return Correct(newest.number, objects, why=_named(newest, objects)) if objects else None


def _stays(desired: Desired, observed: Observed, newest: Revision) -> bool:
    """Whether nothing newer is made for now, though something else is asked for."""
    if observed.forced or observed.reset:
        return False
    refused = rolled_back(desired, newest) and not retry_is_allowed(desired, observed, newest)
    return refused or spaced(desired, observed) is not None


def _kept(desired: Desired, observed: Observed) -> Revision | None:
    """Return the revision whose objects are looked after: our own, and in force."""
    newest = own_newest(desired, observed)
    return newest if newest and newest.status is Status.DEPLOYED else None


def _known(observed: Observed) -> Iterator[Divergence]:
    """Yield what was not as it should be when it was looked at last, and not put right."""
    found = observed.drift.found if observed.drift else ()
    return (one for one in found if not one.corrected)


def _doubted(observed: Observed, known: Iterable[ObjectRef]) -> frozenset[ObjectRef]:
    return observed.suspects.union(known) - observed.left_alone


def _all(newest: Revision) -> str:
    return f"it is not known whether all objects are as revision {newest.number} has them"


def _named(newest: Revision, objects: frozenset[ObjectRef]) -> str:
    names = ", ".join(map(str, sorted(objects)[:NAMED]))
    more = f" and {len(objects) - NAMED} more" if len(objects) > NAMED else ""
    return f"somebody may have changed what revision {newest.number} has: {names}{more}"
