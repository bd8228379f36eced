"""What a turn tells: which words, which requests were served, what is kept of before."""

from dataclasses import replace
from typing import Any

import pytest

from helmward.errors import (
    ChartRejected,
    ChartUnverified,
    HelmwardError,
    ReleaseFailed,
    SourceForbidden,
    SourceUnavailable,
)
from helmward.model import Attempts, Condition, Outcome, Stage, Told, Wait
from helmward.releases import account as told
from tests.support.builders import (
    NOW,
    PAST,
    a_chart,
    a_declared,
    a_desired,
    a_revision,
    an_observed,
    commands,
    options,
    tried,
)

ASKED: dict[str, Any] = {"requested_at": "7", "force_at": "7", "reset_at": "7"}


@pytest.mark.parametrize(
    ("asked", "before", "forces", "resets"),
    [
        pytest.param({}, {}, False, False, id="nothing asked"),
        pytest.param(ASKED, {}, True, True, id="all asked"),
        pytest.param({"requested_at": "7"}, {}, False, False, id="a look alone"),
        pytest.param({"force_at": "7"}, {}, False, False, id="force without a request"),
        pytest.param(ASKED | {"requested_at": "8"}, {}, False, False, id="tokens differ"),
        pytest.param(ASKED, {"force_at": "7"}, False, True, id="forced already"),
        pytest.param(ASKED, {"reset_at": "7"}, True, False, id="reset already"),
    ],
)
def test_requests_count_once_and_together(
    asked: dict[str, Any], before: dict[str, Any], forces: bool, resets: bool
) -> None:
    declared = a_declared(commands=commands(**asked), told=Told(**before))
    assert (told.forces(declared), told.resets(declared)) == (forces, resets)


def test_what_was_acted_on_is_noted_and_what_was_not_stays() -> None:
    """A token of before is not forgotten when a new one was not valid."""
    declared = a_declared(
        commands=commands(requested_at="8", force_at="9"), told=Told(force_at="7", reset_at="6")
    )
    account = told.in_sync(declared, a_desired(), an_observed(newest=a_revision()), "in sync")
    acted = told.acted_on(account, declared)
    assert (acted.requested_at, acted.force_at, acted.reset_at) == ("8", "7", "6")


def test_a_failure_tells_attempt_and_next_try() -> None:
    attempts = Attempts(3, "asked", NOW, "no")
    account = told.failed(
        a_declared(), a_desired(), a_revision(2, "failed"), ReleaseFailed("no"), "upgrade", attempts
    )
    assert account.message == "no (attempt 3, next try at 03:04:05Z)"
    assert account.stage is Stage.WAITING
    assert account.attempts == attempts


def test_a_terminal_failure_promises_no_try() -> None:
    account = told.failed(
        a_declared(), None, None, ChartRejected("broken"), "", Attempts(1, "", NOW, "broken")
    )
    assert (account.stage, account.message) == (Stage.STALLED, "broken")
    assert account.chart_problem == "broken"


ROLLED_BACK = a_revision(3, digest="before", rolled_back_from="asked", rollbacks="2")


def test_a_refusal_after_a_rollback_tells_the_cause_first() -> None:
    observed = an_observed(newest=ROLLED_BACK, attempts=tried())
    account = told.refused(a_declared(), a_desired(), observed, "RolledBack", "revision 3 is back")
    assert account.message == "it failed; revision 3 is back"
    assert (account.rolled_back, account.rollbacks) == (Outcome.PASSED, 2)


def test_the_cause_of_a_rollback_outlives_a_restart() -> None:
    """What failed is remembered in memory only; the status still says it."""
    before = Condition("Ready", "False", "RolledBack", "it failed; revision 3 is back")
    declared = a_declared(told=Told(generation=1, conditions=(before,)))
    observed = an_observed(newest=ROLLED_BACK)
    account = told.refused(declared, a_desired(), observed, "RolledBack", "revision 3 is back")
    assert account.message == "it failed; revision 3 is back"
    newer = replace(declared, generation=2)
    again = told.refused(newer, a_desired(), observed, "RolledBack", "revision 3 is back")
    assert again.message == "revision 3 is back"


def test_a_failure_that_was_rolled_back_says_so() -> None:
    attempts = Attempts(1, "asked", PAST, "no")
    failed = told.failed(
        a_declared(), a_desired(), a_revision(2, "failed"), ReleaseFailed("no"), "upgrade", attempts
    )
    account = told.now_at(failed, a_declared(), a_desired(), an_observed(newest=ROLLED_BACK))
    assert account.message.endswith("; rolled back with revision 3")
    assert account.newest == ROLLED_BACK


def test_tests_are_told_of_only_where_they_are_asked_for() -> None:
    tested = an_observed(newest=a_revision(tests="1", tested="failed"))
    quiet = told.in_sync(a_declared(), a_desired(), tested, "in sync")
    asked = a_declared(options=options(test={"ignore_failures": True}))
    loud = told.in_sync(asked, a_desired(), tested, "in sync")
    assert quiet.tested is Outcome.NONE
    assert (loud.tested, loud.tests_decide) == (Outcome.FAILED, False)


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ({}, "revision 1 of cart-1.0.0 is in sync"),
        (
            {"stale_reason": "https://x: no such host"},
            f"revision 1 of cart-1.0.0 is in sync; {told.KEPT}: https://x: no such host",
        ),
        (
            {"signed_by": "Helm Team <team@example.com>"},
            "revision 1 of cart-1.0.0 is in sync; signed by Helm Team <team@example.com>",
        ),
    ],
)
def test_ready_says_who_signed_and_why_a_kept_chart_serves(
    chart: dict[str, Any], words: str
) -> None:
    desired = a_desired(chart=replace(a_chart(), **chart))
    account = told.in_sync(a_declared(), desired, an_observed(a_revision()), "in sync")
    assert (account.stage, account.message) == (Stage.READY, words)


@pytest.mark.parametrize("error", [ChartUnverified, SourceForbidden, SourceUnavailable])
def test_what_keeps_a_chart_away_is_told_as_that(error: type[HelmwardError]) -> None:
    """The old operators' condition ChartFetched is about it."""
    account = told.failed(a_declared(), None, None, error("no"), "", Attempts(1))
    assert account.chart_problem == "no"


def test_a_forced_upgrade_that_waits_is_not_served_yet() -> None:
    """Else it would never be made: the token counts once."""
    declared = a_declared(commands=commands(**ASKED))
    wait = Wait("waits: HelmRelease shop/db is not there", reason="DependencyNotReady")
    account = told.waiting(declared, a_desired(), a_revision(), wait)
    served = told.acted_on(account, declared)
    assert (served.requested_at, served.force_at) == ("7", "")
