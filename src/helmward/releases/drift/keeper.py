"""Looks after the objects of releases: what may have changed, what is known, what is told.

Called by `loop`, before each decision and after each look. Whether to look was
settled in `decide`; the look itself is in `act`.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from helmward.model import (
    OBJECTS,
    Desired,
    Drift,
    DriftMode,
    DriftStanding,
    DriftState,
    Key,
    ObjectRef,
    Observed,
    Revision,
)
from helmward.releases.decide.facts import deployed_own
from helmward.releases.drift.known import Known, News, known_of
from helmward.releases.drift.words import fought, joined, listed

EARLY: Final = 0.9
"""Periodic checks come up to a tenth early."""


class Watch(Protocol):
    """Who sees objects change, and knows which changes were looked at."""

    def ready(self, revision: Revision) -> bool:
        """Tell whether all that can be seen of a revision's objects is in sight."""

    def suspects(self, revision: Revision) -> frozenset[ObjectRef]:
        """Return the objects that somebody may have changed since they were looked at."""

    def unknown(self, revision: Revision) -> bool:
        """Tell whether it cannot be said which objects those are."""

    def polled(self, revision: Revision) -> Collection[str]:
        """Return the kinds of which nobody may see how they change."""

    def mark(self, revision: Revision, objects: Collection[ObjectRef]) -> Any:
        """Note how objects are before a look at them; none named means all."""

    def settle(self, mark: Any) -> None:
        """Take in that they were looked at as they were then."""


class Keeper:
    """What is known of the objects of each release."""

    def __init__(
        self,
        watch: Watch,
        *,
        interval: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.watch = watch
        self._interval = interval
        self._now = now
        self._known: dict[Key, Known] = {}

    def observe(self, desired: Desired, observed: Observed) -> Observed:
        """Add what may have changed and what is known to differ."""
        newest, now = _kept(desired, observed), self._now()
        if newest is None:
            return observed
        known = self._of(desired, newest)
        if known.rests(now):
            return observed
        return replace(
            observed,
            suspects=self.watch.suspects(newest),
            unknown_objects=self._unknown(known, newest, now),
            drift=known.drift,
            left_alone=known.left_alone(now),
        )

    def take(
        self, desired: Desired, newest: Revision, looked: frozenset[ObjectRef], drift: Drift
    ) -> News:
        """Take in what a look has found, and return what of it is news."""
        return self._of(desired, newest).take(looked, drift, self._now())

    def fail(self, desired: Desired, newest: Revision, why: str) -> bool:
        """Take in that nobody could look, and tell whether that is news."""
        return self._of(desired, newest).fail(why, self._now())

    def standing(self, desired: Desired, observed: Observed) -> DriftStanding | None:
        """Return what is to be told; None while nobody can know."""
        if desired.drift_mode is DriftMode.DISABLED:
            return DriftStanding(DriftState.OFF)
        newest = _kept(desired, observed)
        if newest is None:
            return None
        known, now = self._of(desired, newest), self._now()
        told = _standing(known, now)
        # What nobody sees yet may differ: only what was found is told.
        unsure = told.state is DriftState.NONE and not self.watch.ready(newest)
        return None if unsure else told

    def pause(self, key: Key) -> float | None:
        """Return the seconds until something that waits has its turn, if anything does."""
        now, known = self._now(), self._known.get(key)
        due = known.next(now) if known else None
        return (due - now).total_seconds() if due else None

    def forget(self, key: Key) -> None:
        """Forget all: the resource is gone."""
        self._known.pop(key, None)

    def _of(self, desired: Desired, newest: Revision) -> Known:
        known = known_of(desired, newest, self._known.get(desired.key))
        self._known[desired.key] = known
        return known

    def _unknown(self, known: Known, newest: Revision, now: datetime) -> bool:
        """Tell whether all is to be looked at: only once where nothing can be noted of it."""
        noted = OBJECTS in newest.annotations
        if known.all_anew or (self.watch.unknown(newest) and (noted or not known.whole)):
            return True
        old = known.whole is None or known.whole + self._interval * EARLY <= now
        return old and bool(self.watch.polled(newest))


def _kept(desired: Desired, observed: Observed) -> Revision | None:
    """Return the revision whose objects are looked after."""
    if desired.deleting or desired.commands.suspend or desired.drift_mode is DriftMode.DISABLED:
        return None
    return deployed_own(desired, observed)


def _standing(known: Known, now: datetime) -> DriftStanding:
    """Say how objects stand: fights first, then what differs, then what was put right."""
    bouts = known.fights.contested(now)
    fights = {one.last.object for one in bouts}
    differing = [one for one in known.found.values() if one.differs and one.object not in fights]
    unseen = [one for one in known.found.values() if not one.differs and one.problem]
    count = len(differing) + len(fights)
    if bouts:
        words = joined(fought(bouts), listed(differing))
        return DriftStanding(DriftState.CONTESTED, words, count)
    if differing:
        return DriftStanding(DriftState.DETECTED, listed(differing), count)
    if known.trouble or unseen:
        why = known.trouble.why if known.trouble else ""
        return DriftStanding(DriftState.UNSEEN, joined(why, listed(unseen)))
    if known.corrected:
        return DriftStanding(DriftState.CORRECTED, listed(known.corrected))
    return DriftStanding(DriftState.NONE)
