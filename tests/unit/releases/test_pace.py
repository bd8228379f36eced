"""Objects that change all the time are looked at now and then."""

from datetime import timedelta

from helmward.releases.drift.pace import PAUSE, Pace
from tests.support.builders import NOW
from tests.support.drift import CONFIG, WEB

SECOND = timedelta(seconds=1)


def test_what_changes_all_the_time_has_its_turn_every_half_minute() -> None:
    """Five looks follow the changes at once; others have no part in that."""
    pace, now = Pace(), NOW
    for _ in range(5):
        pace.looked([WEB], now)
        assert not pace.left_alone(now)
        now += SECOND
    pace.looked([WEB, CONFIG], now)
    assert pace.left_alone(now) == {WEB}
    assert pace.next(now) == now + PAUSE
    for _ in range(3):
        now += PAUSE
        assert not pace.left_alone(now)
        pace.looked([WEB], now)
        assert pace.left_alone(now) == {WEB}


def test_what_changes_now_and_then_is_looked_at_at_once() -> None:
    pace, now = Pace(), NOW
    for _ in range(20):
        now += timedelta(minutes=1)
        pace.looked([WEB], now)
        assert not pace.left_alone(now)


def test_after_some_quiet_it_is_looked_at_at_once_again() -> None:
    pace, now = Pace(), NOW
    for _ in range(10):
        pace.looked([WEB], now)
    now += timedelta(minutes=5)
    pace.looked([CONFIG], now)
    pace.looked([WEB], now)
    assert not pace.left_alone(now)
    assert pace.next(now) is None
