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
)
from helmward.releases.decide.facts import (
    deployed_own,
    in_force,
    own_newest,
    retry_is_allowed,
    rolled_back,
    spaced,
)

NAMED: Final = 3
"""Of how many objects a decision tells the names."""


def keep_in_force(desired: Desired, observed: Observed) -> Decision | None:
    """While what is asked for waits or is refused, what is in force is kept as if in sync."""
    newest = own_newest(desired, observed)
    if newest is None or not _stays(desired, observed, newest):
        return None
    return look_at_suspects(desired, observed) or correct_drift(desired, observed)


def look_at_suspects(desired: Desired, observed: Observed) -> Decision | None:
    """Objects that somebody may have changed are looked at, where that is only to be told."""
    newest = deployed_own(desired, observed)
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
    newest = deployed_own(desired, observed)
    if newest is None or desired.drift_mode is not DriftMode.ENABLED:
        return None
    if observed.unknown_objects:
        return Correct(newest.number, frozenset(), why=_all(newest))
    objects = _doubted(observed, (one.object for one in _known(observed)))
    return Correct(newest.number, objects, why=_named(newest, objects)) if objects else None


def _stays(desired: Desired, observed: Observed, newest: Revision) -> bool:
    """Whether nothing newer is made for now, though something else is asked for."""
    if (observed.unready or observed.cycle) and not in_force(desired, observed):
        return True
    if observed.forced or observed.reset:
        return False
    refused = rolled_back(desired, newest) and not retry_is_allowed(desired, observed, newest)
    behind = newest.digest != desired.digest and bool(observed.unready or observed.cycle)
    return refused or behind or spaced(desired, observed) is not None


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
