"""Failures: counted, spaced out, forgotten when something new is asked for."""

from datetime import timedelta

from helmward.errors import ChartRejected, ReleaseFailed, SourceUnavailable
from helmward.model import Account, Stage
from helmward.releases.memory import Memory
from helmward.runtime.backoff import Backoff
from tests.support.builders import KEY, NOW, RELEASE, a_declared, a_desired, commands

CHECK = timedelta(minutes=3)
FAILURE = Account(1, RELEASE, Stage.WAITING, "SourceUnavailable", "down", "cart")


def memory() -> Memory:
    return Memory(Backoff(base=2, cap=300, chance=lambda: 1.0), now=lambda: NOW, chance=lambda: 0)


def seconds(delay: float) -> timedelta:
    return timedelta(seconds=delay)


def test_failures_of_the_same_are_spaced_out_further_and_further() -> None:
    known, error = memory(), ReleaseFailed("no")
    tries = [known.fail(a_declared(), a_desired(), error, CHECK) for _ in range(3)]
    assert [one.count for one in tries] == [1, 2, 3]
    assert [one.retry_at for one in tries] == [NOW + seconds(s) for s in (2, 4, 8)]


def test_what_is_asked_for_anew_starts_anew() -> None:
    known, error = memory(), ReleaseFailed("no")
    known.fail(a_declared(), a_desired(), error, CHECK)
    anew = known.fail(a_declared(generation=2), a_desired(digest="new"), error, CHECK)
    assert (anew.count, anew.retry_at) == (1, NOW + seconds(2))


def test_a_terminal_failure_waits_for_the_periodic_check() -> None:
    attempts = memory().fail(a_declared(), a_desired(), ChartRejected("broken"), CHECK)
    assert attempts.retry_at == NOW + CHECK


def test_a_source_may_ask_for_patience() -> None:
    """A repository that answers 429 says how long to stay away."""
    error = SourceUnavailable("slow down")
    error.retry_after = 60.0
    assert memory().fail(a_declared(), None, error, CHECK).retry_at == NOW + seconds(60)


def test_a_source_that_failed_stands_until_its_next_try() -> None:
    known, declared = memory(), a_declared()
    known.fail(declared, None, SourceUnavailable("down"), CHECK)
    known.remember(declared, FAILURE)
    assert known.standing(declared) == FAILURE
    assert known.pause(KEY, CHECK) == 2.0


def test_a_source_that_failed_does_not_hold_back_a_new_spec() -> None:
    known, declared = memory(), a_declared()
    known.fail(declared, None, SourceUnavailable("down"), CHECK)
    known.remember(declared, FAILURE)
    assert known.standing(a_declared(generation=2)) is None


def test_success_forgets() -> None:
    known = memory()
    known.fail(a_declared(), a_desired(), ReleaseFailed("no"), CHECK)
    known.succeed(KEY)
    assert known.attempts(KEY).count == 0
    assert known.pause(KEY, CHECK) == CHECK.total_seconds()


def test_a_word_of_the_user_ends_the_back_off_of_the_same_attempt() -> None:
    """It is tried at once, and counts on."""
    known, error = memory(), ReleaseFailed("no")
    for _ in range(3):
        known.fail(a_declared(), a_desired(), error, CHECK)
    asking = a_declared(commands=commands(requested_at="now"))
    known.heed(asking)
    assert known.attempts(KEY).retry_at is None
    assert known.fail(asking, a_desired(), error, CHECK).count == 4


def test_the_same_words_end_no_back_off_twice() -> None:
    known = memory()
    asking = a_declared(commands=commands(requested_at="now"))
    known.fail(asking, a_desired(), ReleaseFailed("no"), CHECK)
    known.heed(asking)
    assert known.attempts(KEY).retry_at is not None


def test_late_objects_are_looked_for_twice_after_a_claim_was_broken() -> None:
    """Soon, and once no request of the lost writer can be under way any more."""
    clock = [NOW]
    known = Memory(Backoff(base=2, cap=300), now=lambda: clock[0], chance=lambda: 0)
    known.broke(KEY)
    assert not known.sweep_due(KEY)
    assert known.pause(KEY, CHECK) == 15
    for after in (15, 75):
        clock[0] = NOW + seconds(after)
        assert known.sweep_due(KEY)
        known.swept(KEY)
        assert not known.sweep_due(KEY)
    clock[0] = NOW + seconds(1000)
    assert not known.sweep_due(KEY)


def test_what_is_gone_is_forgotten_whole() -> None:
    known = memory()
    known.fail(a_declared(), a_desired(), ReleaseFailed("no"), CHECK)
    known.broke(KEY)
    known.forget(KEY)
    assert known.attempts(KEY).count == 0
    assert known.pause(KEY, CHECK) == CHECK.total_seconds()
