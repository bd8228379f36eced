"""Failures: counted, spaced out, forgotten when something new is asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from helmward.errors import ChartRejected, ReleaseFailed, SourceUnavailable, ValuesInvalid
from helmward.model import Account, Key, Revision, Stage
from helmward.releases.memory import SETTLED, SWEEPS, Memory
from helmward.runtime.backoff import Backoff
from tests.support.builders import (
    KEY,
    NOW,
    RELEASE,
    a_declared,
    a_desired,
    a_revision,
    commands,
)

CHECK = timedelta(minutes=3)
NEXT = timedelta(seconds=178)
"""To the check after `NOW`, made together with those that fall due a little earlier."""
FAILURE = Account(1, RELEASE, Stage.WAITING, "SourceUnavailable", "down", "cart")


@dataclass(slots=True)
class Clock:
    """Time that passes only when a test says so."""

    now: datetime = NOW


def memory(clock: Clock | None = None) -> Memory:
    time = clock or Clock()
    backoff: Backoff[Key] = Backoff(base=2, cap=300, chance=lambda: 1.0)
    return Memory(backoff, now=lambda: time.now, chance=lambda: 0)


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
    assert seconds(known.pause(KEY, CHECK)) == NEXT


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


def test_changed_sources_end_the_back_off_of_what_could_not_be_composed() -> None:
    """It is tried at once, and counts on."""
    known, declared = memory(), a_declared()
    known.fail(declared, None, ValuesInvalid("no mapping"), CHECK)
    known.remember(declared, FAILURE)
    known.reconsider(KEY)
    assert known.standing(declared) is None
    assert known.fail(declared, None, ValuesInvalid("no mapping"), CHECK).count == 2


def test_changed_sources_end_no_back_off_of_helm() -> None:
    """Equal values would fail again, however often somebody annotates their ConfigMap."""
    known = memory()
    known.fail(a_declared(), a_desired(), ReleaseFailed("no"), CHECK)
    known.reconsider(KEY)
    assert known.attempts(KEY).retry_at is not None


# Claims that were broken


def broken(ago: float, number: int = 2) -> Revision:
    return a_revision(number, "failed", modified=NOW - seconds(ago), outcome="broken")


def test_a_broken_claim_is_looked_after_twice() -> None:
    known = memory()
    known.look_after(KEY, [a_revision(3), broken(0)])
    assert not known.sweep_due(KEY)
    assert seconds(known.pause(KEY, CHECK)) == SWEEPS[0]


def test_a_restart_forgets_no_broken_claim() -> None:
    """It is read off the history, whoever broke it."""
    known = memory()
    known.look_after(KEY, [broken(60)])
    assert known.sweep_due(KEY)
    known.swept(KEY)
    known.look_after(KEY, [broken(60)])
    assert not known.sweep_due(KEY)
    assert seconds(known.pause(KEY, CHECK)) == SWEEPS[1] - seconds(60)


def test_what_was_broken_long_ago_or_failed_by_itself_is_not_looked_after() -> None:
    known = memory()
    known.look_after(KEY, [broken(3600), a_revision(1, "failed")])
    assert not known.sweep_due(KEY)
    assert seconds(known.pause(KEY, CHECK)) == NEXT


def test_what_a_writer_did_not_supersede_is_looked_after_once_he_had_his_time() -> None:
    """He marks the new revision as deployed first, and is given time to mark the others."""
    clock = Clock()
    known = memory(clock)
    known.look_after(KEY, [a_revision(3), a_revision(2)])
    assert not known.sweep_due(KEY)
    assert seconds(known.pause(KEY, CHECK)) == SETTLED
    clock.now += SETTLED
    known.look_after(KEY, [a_revision(3), a_revision(2)])
    assert known.sweep_due(KEY)
    known.swept(KEY)
    assert not known.sweep_due(KEY)


def test_what_its_writer_superseded_after_all_is_not_looked_after() -> None:
    clock = Clock()
    known = memory(clock)
    known.look_after(KEY, [a_revision(3), a_revision(2)])
    known.look_after(KEY, [a_revision(3), a_revision(2, "superseded")])
    clock.now += SETTLED
    assert not known.sweep_due(KEY)


def test_a_sweep_that_is_due_but_cannot_be_yet_makes_no_haste() -> None:
    """While something else comes first, its own time is what counts."""
    known = memory()
    known.look_after(KEY, [broken(100)])
    assert known.sweep_due(KEY)
    assert seconds(known.pause(KEY, CHECK)) == NEXT


def test_who_is_gone_is_forgotten() -> None:
    known = memory()
    known.look_after(KEY, [broken(60)])
    known.forget(KEY)
    assert not known.sweep_due(KEY)


def test_checks_that_fall_due_at_about_the_same_time_are_made_together() -> None:
    """A process that wakes up for each of a thousand spends more on waking than on checking."""
    clock, due = Clock(), set()
    known = memory(clock)
    for _ in range(100):
        clock.now += seconds(0.02)
        due.add(clock.now + seconds(known.pause(KEY, CHECK)))
    assert len(due) <= 2
