"""What is known of the objects of one release since somebody looked; forgotten at a restart."""

from dataclasses import dataclass, field
from datetime import datetime

from helmward.model import Desired, Divergence, Drift, ObjectRef, Revision
from helmward.releases.drift.fights import Fights, pause_after
from helmward.releases.drift.pace import Pace

Policy = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nobody could look, and when it is tried again."""

    why: str
    count: int
    until: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What a look has found that was not known before."""

    detected: tuple[Divergence, ...] = ()
    """What differs, put right or not."""
    corrected: tuple[Divergence, ...] = ()
    contested: tuple[Divergence, ...] = ()
    """What is fought over from now on."""


@dataclass(slots=True)
class Known:
    """The objects of one revision, under one policy."""

    revision: int
    uid: str
    policy: Policy
    all_anew: bool = False
    """All are to be looked at: what may differ has changed."""
    whole: datetime | None = None
    """When all were looked at last."""
    found: dict[ObjectRef, Divergence] = field(default_factory=dict)
    corrected: tuple[Divergence, ...] = ()
    """What was put right last, if nothing was found since."""
    fights: Fights = field(default_factory=Fights)
    pace: Pace = field(default_factory=Pace)
    trouble: Trouble | None = None

    @property
    def drift(self) -> Drift:
        """What is known to differ, or could not be looked at."""
        return Drift(self.revision, tuple(self.found.values()))

    def take(self, looked: frozenset[ObjectRef], drift: Drift, now: datetime) -> News:
        """Take in what a look has found; no object named means that all were looked at."""
        self.trouble = None
        self.all_anew = self.all_anew and bool(looked)
        self.whole = self.whole if looked else now
        before, wrong = self._looked_at(looked), {one.object for one in drift.found}
        self.fights.calm(before.keys() - wrong)
        mended = tuple(one for one in drift.found if one.corrected)
        self.pace.looked(looked - {one.object for one in mended}, now)
        left = {one.object: one for one in drift.found if not one.corrected}
        self.found |= left
        struck = (one for one in drift.found if one.corrected or one.problem)
        fights = tuple(one for one in struck if self.fights.note(one, now))
        if mended or left:
            self.corrected = mended
        new = (one for one in left.values() if one.differs and not _same(before, one))
        return News((*mended, *new), mended, fights)

    def fail(self, why: str, now: datetime) -> bool:
        """Take in that nobody could look; tell whether that is news."""
        before = self.trouble
        count = before.count + 1 if before else 1
        self.trouble = Trouble(why, count, now + pause_after(count - 1))
        return before is None or before.why != why

    def left_alone(self, now: datetime) -> frozenset[ObjectRef]:
        """Return the objects that have their turn later."""
        return self.fights.left_alone(now) | self.pace.left_alone(now)

    def rests(self, now: datetime) -> bool:
        """Tell whether nobody is to look now, since nobody could."""
        return self.trouble is not None and now < self.trouble.until

    def next(self, now: datetime) -> datetime | None:
        """Return when something that waits has its turn."""
        trouble = self.trouble.until if self.trouble and self.rests(now) else None
        times = (trouble, self.fights.next(now), self.pace.next(now))
        return min((one for one in times if one), default=None)

    def _looked_at(self, looked: frozenset[ObjectRef]) -> dict[ObjectRef, Divergence]:
        """Take out what was known of these objects."""
        of = [one for one in self.found if not looked or one in looked]
        return {one: self.found.pop(one) for one in of}


def known_of(desired: Desired, newest: Revision, before: Known | None) -> Known:
    """Return what is known, without what a new revision or policy has made void."""
    policy: Policy = (desired.drift_mode, desired.ignore, desired.generation)
    if before is None or (before.revision, before.uid) != (newest.number, newest.uid):
        return Known(newest.number, newest.uid, policy)
    if before.policy == policy:
        return before
    # Fights end with the spec. Other rules may find another thing to differ.
    anew = before.policy[:2] != policy[:2]
    return Known(
        newest.number, newest.uid, policy, all_anew=anew, whole=before.whole, found=before.found
    )


def _same(before: dict[ObjectRef, Divergence], one: Divergence) -> bool:
    old = before.get(one.object)
    return old is not None and (old.gone, old.changes) == (one.gone, one.changes)
