"""Fights: noticed, spaced out, ended."""

from datetime import datetime, timedelta

import pytest

from helmward.releases.drift.fights import LONGEST, QUIET, SHORTEST, Fights
from tests.support.builders import NOW
from tests.support.drift import CONFIG, WEB, deleted, scaled

SECOND = timedelta(seconds=1)
CORRECTED = scaled(corrected=True)


def fight(fights: Fights, *, times: int = 4, every: timedelta = SECOND) -> list[bool]:
    """Put the Deployment right that many times, and return when it was taken for a fight."""
    return [fights.note(CORRECTED, NOW + every * at) for at in range(times)]


def test_what_is_undone_three_times_is_a_fight() -> None:
    """It is told once, by the correction that finds the third undoing."""
    assert fight(Fights(), times=5) == [False, False, False, True, False]


def test_what_is_undone_now_and_then_is_no_fight() -> None:
    """Somebody who edits by hand every two minutes is put right every time."""
    fights = Fights()
    assert not any(fight(fights, times=10, every=timedelta(minutes=2)))
    assert not fights.left_alone(NOW + timedelta(minutes=18))


def test_only_what_is_fought_over_is_left_alone() -> None:
    fights = Fights()
    fight(fights)
    fights.note(deleted(corrected=True), NOW)
    now = NOW + 3 * SECOND
    assert fights.left_alone(now) == {WEB}
    assert [one.last.object for one in fights.contested(now)] == [WEB]
    assert fights.next(now) == now + SHORTEST


def test_each_correction_that_is_undone_doubles_the_pause() -> None:
    """At last it is put right every ten minutes only."""
    fights, now, pauses = Fights(), NOW, []
    fight(fights)
    now += 3 * SECOND
    for _ in range(7):
        due = fights.next(now)
        assert due is not None
        pauses.append((due - now) / SHORTEST)
        now = due
        fights.note(CORRECTED, now)
    assert pauses == [1, 2, 4, 8, 16, 20, 20]
    assert timedelta(seconds=30) * 20 == LONGEST


def test_after_an_hour_of_quiet_a_fight_is_over() -> None:
    fights = Fights()
    fight(fights)
    last = NOW + 3 * SECOND
    almost = last + SHORTEST + QUIET - SECOND
    assert fights.contested(almost)
    assert not fights.contested(almost + SECOND)
    assert fights.note(CORRECTED, almost + SECOND) is False
    assert not fights.left_alone(almost + SECOND)


REFUSED = deleted(problem="forbidden")


@pytest.mark.parametrize(("times", "pause"), [(1, 30), (2, 60), (3, 120), (9, 600)])
def test_what_is_refused_is_tried_further_and_further_apart(times: int, pause: int) -> None:
    fights, now = Fights(), NOW
    for _ in range(times):
        now = later(fights, now)
        assert fights.note(REFUSED, now) is False
    assert fights.left_alone(now) == {CONFIG}
    assert fights.next(now) == now + timedelta(seconds=pause)
    assert not fights.contested(now)


def later(fights: Fights, now: datetime) -> datetime:
    return fights.next(now) or now


def test_what_was_refused_and_is_fine_by_now_starts_anew() -> None:
    fights = Fights()
    fights.note(REFUSED, NOW)
    fights.calm([CONFIG, WEB])
    assert not fights.left_alone(NOW)
    fights.note(REFUSED, NOW)
    assert fights.next(NOW) == NOW + SHORTEST


def test_a_calm_moment_does_not_end_a_fight() -> None:
    """The look after a correction finds all well, before the other one comes back."""
    fights = Fights()
    fight(fights)
    fights.calm([WEB])
    assert fights.left_alone(NOW + 4 * SECOND) == {WEB}


def test_corrections_count_though_all_was_well_between_them() -> None:
    fights = Fights()
    for _ in range(3):
        fights.note(CORRECTED, NOW)
        fights.calm([WEB])
    assert fights.note(CORRECTED, NOW) is True
