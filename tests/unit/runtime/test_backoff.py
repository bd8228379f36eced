"""Delays after failures in a row."""

from hypothesis import given
from hypothesis import strategies as st

from helmward.runtime import Backoff


def test_delays_double_up_to_the_cap() -> None:
    """A cluster that is down for an hour is asked every five minutes."""
    backoff: Backoff[str] = Backoff(base=1, cap=300, chance=lambda: 1.0)

    assert [backoff.next("a") for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_each_key_fails_on_its_own() -> None:
    """One broken release must not slow the others."""
    backoff: Backoff[str] = Backoff(chance=lambda: 1.0)
    backoff.next("a")
    backoff.next("a")

    assert backoff.next("b") == 1
    assert backoff.failures("a") == 2


def test_a_success_forgets_the_failures() -> None:
    """The next failure is a new one."""
    backoff: Backoff[str] = Backoff(chance=lambda: 1.0)
    backoff.next("a")
    backoff.reset("a")

    assert backoff.next("a") == 1


@given(st.integers(0, 5000), st.floats(0, 1))
def test_a_delay_is_half_to_all_of_its_step(failures: int, chance: float) -> None:
    """Chance spreads the load, and never makes a delay vanish or overflow."""
    backoff: Backoff[str] = Backoff(base=1, cap=300, chance=lambda: chance)
    backoff._failures["a"] = failures

    assert min(300, 2.0 ** min(failures, 10)) / 2 <= backoff.next("a") <= 300
