"""The table of decisions: each rule a row; and the orders that matter most, in words."""

from typing import Any

import pytest

from helmward.model import (
    Compare,
    Refuse,
    Rollback,
    Suspended,
    Uninstall,
    Unlock,
    Upgrade,
    Wait,
    Writer,
)
from helmward.releases.decide import RULES, decide, ruling
from tests.support.builders import (
    FORMER,
    a_chart,
    a_desired,
    a_revision,
    an_observed,
    commands,
    tried,
)
from tests.support.decision_rows import TABLE
from tests.support.decisions import (
    FOREIGN,
    OTHER,
    RETRY,
    ROLLBACK,
    ROLLED_BACK,
    UPGRADE_FAILED,
    Row,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_decision(row: Row) -> None:
    """One row of the table: the decision, and the rule that made it."""
    observed = an_observed(*row.history, **row.observed)
    decision, rule = ruling(a_desired(**row.desired), observed)
    assert decision == row.decision
    assert (rule.name if rule else "") == row.rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_row(rule: Any) -> None:
    """A rule that decides no row of the table is dead, or untested."""
    assert rule.name in {row.rule for row in TABLE}


def test_every_rule_is_a_sentence() -> None:
    """The reference page is printed from these docstrings."""
    for rule in RULES:
        words = (rule.check.__doc__ or "").strip()
        assert words.endswith("."), rule.name


PENDING = a_revision(2, "pending-upgrade")


def test_a_pending_revision_is_unlocked_before_a_new_chart() -> None:
    """A crash in mid-upgrade leaves a lock; even a new chart waits for it."""
    desired = a_desired(chart=a_chart("2.0.0"), digest="new")
    decision = decide(desired, an_observed(newest=PENDING, writer=Writer.GONE))
    assert isinstance(decision, Unlock)


def test_a_pending_revision_is_unlocked_though_the_last_try_failed() -> None:
    """The back-off holds Helm's verbs back, never the repair."""
    observed = an_observed(newest=PENDING, writer=Writer.GONE, attempts=tried())
    assert isinstance(decide(a_desired(), observed), Unlock)


def test_a_taken_name_is_refused_before_its_lock_is_broken() -> None:
    """Whoever does not hold the name does not touch what is under it."""
    observed = an_observed(newest=PENDING, writer=Writer.GONE, name_holder=OTHER)
    assert isinstance(decide(a_desired(), observed), Refuse)


def test_a_deleted_resource_waits_for_a_living_writer() -> None:
    """An uninstall under a running upgrade would leave half of both."""
    observed = an_observed(newest=PENDING, writer=Writer.ALIVE)
    assert isinstance(decide(a_desired(deleting=True), observed), Wait)


def test_a_deleted_resource_unlocks_before_it_uninstalls() -> None:
    """Then the old writer cannot come back with its status."""
    observed = an_observed(newest=PENDING, writer=Writer.GONE)
    assert isinstance(decide(a_desired(deleting=True), observed), Unlock)


def test_a_deleted_resource_does_not_go_on_waiting() -> None:
    """Nobody wants what is waited for any more."""
    waiting = a_revision(2, "pending-upgrade", phase="waiting")
    observed = an_observed(newest=waiting, writer=Writer.GONE)
    assert isinstance(decide(a_desired(deleting=True), observed), Unlock)


def test_a_rename_to_a_taken_name_keeps_the_old_release() -> None:
    """The old release goes only once the new name is free."""
    observed = an_observed(former=a_revision(release=FORMER), name_holder=OTHER)
    assert isinstance(decide(a_desired(), observed), Refuse)


def test_suspension_comes_before_repair() -> None:
    """Left alone means that not even a lock is broken."""
    desired = a_desired(commands=commands(suspend=True))
    observed = an_observed(newest=PENDING, writer=Writer.GONE)
    assert isinstance(decide(desired, observed), Suspended)


def test_a_rollback_does_not_wait_for_the_back_off() -> None:
    """The back-off spaces tries out; the way back is not a try."""
    observed = an_observed(*UPGRADE_FAILED, attempts=tried())
    assert isinstance(decide(a_desired(**ROLLBACK), observed), Rollback)


def test_a_retry_after_a_rollback_waits_for_the_back_off() -> None:
    """Else a broken chart would flap as fast as the cluster allows."""
    observed = an_observed(*ROLLED_BACK, attempts=tried())
    assert isinstance(decide(a_desired(**RETRY), observed), Wait)


def test_another_spec_is_not_rolled_back_to_but_tried() -> None:
    """What failed is no longer what is asked for."""
    observed = an_observed(*UPGRADE_FAILED)
    assert isinstance(decide(a_desired(**ROLLBACK, digest="new"), observed), Upgrade)


def test_a_failed_first_install_is_never_rolled_back() -> None:
    """There is nothing to go back to."""
    observed = an_observed(newest=a_revision(1, "failed"))
    assert isinstance(decide(a_desired(**ROLLBACK), observed), Uninstall)


def test_a_foreign_failed_release_is_never_cleared_away() -> None:
    """Its objects are not ours to delete."""
    observed = an_observed(newest=a_revision(1, "failed", **FOREIGN))
    assert isinstance(decide(a_desired(), observed), Compare)


def test_a_failed_install_that_is_cleared_waits_first() -> None:
    """Until the next try its objects can be looked at."""
    observed = an_observed(newest=a_revision(1, "failed"), attempts=tried())
    assert isinstance(decide(a_desired(), observed), Wait)
