"""Corrections that are undone again and again, or refused: they are spaced out. Pure.

`Known` keeps one of these for each release and gives it the time. In memory
only: after a restart a fight is noticed anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from helmward.model import Divergence, ObjectRef

UNDONE: Final = 3
"""How often a correction is undone before it is a fight."""
WITHIN: Final = timedelta(minutes=5)
"""In what time."""
SHORTEST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(minutes=10)
"""For how long an object is left alone: doubled each time, up to this."""
DOUBLINGS: Final = 10
"""More than the longest pause needs."""
QUIET: Final = timedelta(hours=1)
"""How long after the last correction a fight is over."""


@dataclass(frozen=True, slots=True)
class Bout:
    """What is remembered of one object."""

    last: Divergence
    """As it was found when it was put right last, or could not be."""
    corrected: tuple[datetime, ...] = ()
    contested: bool = False
    pauses: int = 0
    until: datetime | None = None
    """Until when it is left alone."""


class Fights:
    """What became of the corrections of one release's objects."""

    def __init__(self) -> None:
        self._bouts: dict[ObjectRef, Bout] = {}

    def note(self, found: Divergence, now: datetime) -> bool:
        """Take in what was put right, or could not be; tell whether it is a fight from now on."""
        self._end(now)
        before = self._bouts.get(found.object, Bout(found))
        after = _after(before, found, now)
        self._bouts[found.object] = after
        return after.contested and not before.contested

    def calm(self, objects: Iterable[ObjectRef]) -> None:
        """Take in that nothing was wrong with these: what was refused is no more."""
        for one in objects:
            bout = self._bouts.get(one)
            if bout and not bout.contested:
                self._bouts[one] = replace(bout, pauses=0, until=None)

    def left_alone(self, now: datetime) -> frozenset[ObjectRef]:
        """Return the objects that are not to be touched now."""
        return frozenset(of for of, one in self._bouts.items() if one.until and now < one.until)

    def contested(self, now: datetime) -> tuple[Bout, ...]:
        """Return what is fought over."""
        self._end(now)
        return tuple(one for one in self._bouts.values() if one.contested)

    def next(self, now: datetime) -> datetime | None:
        """Return when the next object is left alone no more."""
        return min(
            (one.until for one in self._bouts.values() if one.until and now < one.until),
            default=None,
        )

    def _end(self, now: datetime) -> None:
        """Forget what was quiet for long."""
        for of, one in list(self._bouts.items()):
            quiet = max((*one.corrected, one.until or now - QUIET)) + QUIET <= now
            if quiet:
                del self._bouts[of]


def _after(before: Bout, found: Divergence, now: datetime) -> Bout:
    if not found.corrected:
        return _paused(replace(before, last=found), now)
    times = (*(at for at in before.corrected if now - at < WITHIN), now)
    contested = before.contested or len(times) > UNDONE
    bout = replace(before, last=found, corrected=times, contested=contested)
    return _paused(bout, now) if contested else replace(bout, pauses=0, until=None)


def _paused(bout: Bout, now: datetime) -> Bout:
    return replace(bout, pauses=bout.pauses + 1, until=now + pause_after(bout.pauses))


def pause_after(pauses: int) -> timedelta:
    """Return how long the next pause is, after so many."""
    return min(LONGEST, SHORTEST * (1 << min(pauses, DOUBLINGS)))
