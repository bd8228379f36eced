"""The table of decisions: each rule a row, each order between rules a test."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from helmward.model import (
    Adopt,
    Compare,
    Decision,
    Forget,
    Install,
    Key,
    Nothing,
    Refuse,
    Render,
    Resume,
    Rollback,
    Suspended,
    Sweep,
    Test,
    Uninstall,
    Unlock,
    Upgrade,
    Wait,
    Writer,
)
from helmward.releases.decide import RULES, decide, ruling
from tests.support.builders import (
    FORMER,
    KEY,
    PAST,
    RELEASE,
    SOON,
    a_chart,
    a_desired,
    a_revision,
    alike,
    an_observed,
    commands,
    options,
    tried,
)

OTHER = Key(KEY.api, "team", "cart")
FOREIGN: dict[str, Any] = {"owner": "", "digest": ""}


@dataclass
class Row:
    name: str
    rule: str
    decision: Decision
    desired: dict[str, Any] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    history: tuple[Any, ...] = ()


def held_by(holder: Key) -> str:
    return (
        f'spec.releaseName: "shop-cart" is held by HelmRelease {holder}; '
        "choose another name, or delete that one"
    )


def managed_by(owner: str) -> str:
    return (
        f'spec.releaseName: the objects of release "{RELEASE}" are managed by {owner}; '
        "choose another name, or delete that one"
    )


VOLUMES = (
    f'moving to "{RELEASE}" uninstalls "{FORMER}" and with it PersistentVolumeClaims (data); '
    'take the new name back, or set the annotation helmward.dev/volumes: "delete"'
)
REFUSED = (
    "revision 3 brought back what was before cart-1.0.0; change the spec or its values, "
    "or set spec.rollback.retry"
)


def brought_back(rollbacks: int = 1) -> Any:
    """Revision 3 is a rollback of what is asked for, after revision 2 failed."""
    told: dict[str, Any] = {"rolled_back_from": "asked", "rollbacks": str(rollbacks)}
    return a_revision(3, digest="before", **told)


ROLLED_BACK = (
    brought_back(),
    a_revision(2, "failed"),
    a_revision(1, "superseded", digest="before"),
)
UPGRADE_FAILED = (a_revision(2, "failed", phase="done"), a_revision(1, digest="before"))
ROLLBACK: dict[str, Any] = {"options": options(rollback={})}
RETRY: dict[str, Any] = {"options": options(rollback={"retry": True, "max_retries": 1})}
TESTS: dict[str, Any] = {"options": options(test={})}

TABLE = [
    Row("in sync", "", Nothing("in sync"), observed={"newest": a_revision()}),
    # Going
    Row(
        "deleted with its CRD leaves the release",
        "leave_with_its_kind",
        Forget("its CRD is being deleted: the release stays as it is"),
        desired={"deleting": True},
        observed={"newest": a_revision(), "kind_is_going": True},
    ),
    Row(
        "deleted while suspended leaves the release",
        "leave_suspended_behind",
        Forget("suspended: revision 1 stays as it is"),
        desired={"deleting": True, "commands": commands(suspend=True)},
        observed={"newest": a_revision()},
    ),
    Row(
        "deleted without a release is let go",
        "let_go_of_nothing",
        Forget("no release of this HelmRelease is left"),
        desired={"deleting": True},
    ),
    Row(
        "deleted while another's release stands under the name is let go",
        "let_go_of_nothing",
        Forget("no release of this HelmRelease is left"),
        desired={"deleting": True},
        observed={"newest": a_revision(owner=OTHER.owner)},
    ),
    Row(
        "suspended is left alone",
        "leave_suspended",
        Suspended("suspended: nothing is done until that is taken back"),
        desired={"commands": commands(suspend=True), "chart": None, "digest": "suspended"},
        observed={"newest": a_revision()},
    ),
    Row(
        "a taken name is refused and names the holder",
        "refuse_taken_name",
        Refuse("ReleaseNameTaken", held_by(OTHER)),
        observed={"name_holder": OTHER},
    ),
    # Claims
    Row(
        "pending by a living writer is left alone",
        "leave_living_writer",
        Wait("revision 2 is being written by ops/helmward-a"),
        observed={
            "newest": a_revision(2, "pending-upgrade", session="ops/helmward-a"),
            "writer": Writer.ALIVE,
        },
    ),
    Row(
        "pending by a human's helm is left alone for its own timeout",
        "leave_living_writer",
        Wait("revision 1 is pending-install by another tool", until=SOON),
        observed={
            "newest": a_revision(1, "pending-install", **FOREIGN),
            "writer": Writer.FOREIGN,
            "foreign_until": SOON,
        },
    ),
    Row(
        "a wait whose writer is gone is gone on with",
        "resume_wait",
        Resume(2, "its writer is gone; the wait goes on"),
        observed={
            "newest": a_revision(2, "pending-upgrade", phase="waiting"),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "a rollback that waits is gone on with too",
        "resume_wait",
        Resume(3, "its writer is gone; the wait goes on"),
        observed={
            "newest": a_revision(
                3, "pending-rollback", digest="before", rolled_back_from="asked", phase="waiting"
            ),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "a wait for what is asked for no more is unlocked",
        "unlock_pending",
        Unlock(2, "left pending-upgrade by a writer that is gone"),
        desired={"digest": "new"},
        observed={
            "newest": a_revision(2, "pending-upgrade", phase="waiting"),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "pending by a writer that is gone is unlocked",
        "unlock_pending",
        Unlock(2, "left pending-upgrade by a writer that is gone"),
        observed={
            "newest": a_revision(2, "pending-upgrade", phase="applying"),
            "writer": Writer.GONE,
        },
    ),
    Row(
        "pending by a human's helm is unlocked after its own timeout",
        "unlock_pending",
        Unlock(1, "left pending-install by a writer that is gone"),
        observed={
            "newest": a_revision(1, "pending-install", **FOREIGN),
            "writer": Writer.FOREIGN,
            "foreign_until": PAST,
        },
    ),
    # Deleted
    Row(
        "deleted with a release is an uninstall",
        "uninstall_deleted",
        Uninstall(RELEASE, "the HelmRelease is deleted"),
        desired={"deleting": True, "digest": "deleted"},
        observed={"newest": a_revision()},
    ),
    Row(
        "deleted with a release under a former name uninstalls that",
        "uninstall_former_of_deleted",
        Uninstall(FORMER, "the HelmRelease is deleted"),
        desired={"deleting": True, "digest": "deleted"},
        observed={"former": a_revision(release=FORMER)},
    ),
    Row(
        "a failed uninstall waits for its back-off",
        "uninstall_deleted",
        Wait("it failed", until=SOON),
        desired={"deleting": True, "digest": "deleted"},
        observed={"newest": a_revision(), "attempts": tried("deleted")},
    ),
    # Rollback
    Row(
        "a failed upgrade is rolled back",
        "roll_back_failed",
        Rollback(1, "revision 2 failed"),
        desired=ROLLBACK,
        history=UPGRADE_FAILED,
        observed={"attempts": tried()},
    ),
    Row(
        "an upgrade whose tests failed is rolled back",
        "roll_back_failed",
        Rollback(1, "revision 2 failed its tests"),
        desired={"options": options(rollback={}, test={})},
        history=(
            a_revision(2, tests="1", tested="failed"),
            a_revision(1, "superseded", digest="before"),
        ),
    ),
    Row(
        "a rollback passes over what never was in force",
        "roll_back_failed",
        Rollback(1, "revision 4 failed"),
        desired=ROLLBACK,
        history=(
            a_revision(4, "failed"),
            a_revision(3, "superseded", outcome="superseded"),
            a_revision(2, "failed"),
            a_revision(1, digest="before"),
        ),
    ),
    Row(
        "a way back that was cut short is gone again",
        "roll_back_failed",
        Rollback(1, "revision 3 was left unfinished; gone back again"),
        desired=ROLLBACK,
        history=(
            a_revision(
                3,
                "failed",
                digest="before",
                rolled_back_from="asked",
                rollbacks="1",
                outcome="broken",
            ),
            a_revision(2, "failed"),
            a_revision(1, digest="before"),
        ),
    ),
    Row(
        "what was rolled back is looked after before it is refused",
        "refuse_rolled_back",
        Sweep("a claim was broken; its writer may have made objects late"),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"sweep_due": True},
    ),
    Row(
        "what was rolled back is refused",
        "refuse_rolled_back",
        Refuse("RolledBack", REFUSED),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"attempts": tried()},
    ),
    Row(
        "what was rolled back too often is refused",
        "refuse_rolled_back",
        Refuse("RolledBack", REFUSED),
        desired=RETRY,
        history=(brought_back(2), *ROLLED_BACK[1:]),
    ),
    Row(
        "what was rolled back is tried again where that is allowed",
        "retry_rolled_back",
        Upgrade("tried again after rollback 1: cart-1.0.0"),
        desired=RETRY,
        history=ROLLED_BACK,
    ),
    Row(
        "what was rolled back is tried again when it is forced",
        "retry_rolled_back",
        Upgrade("tried again after rollback 1: cart-1.0.0"),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"forced": True, "attempts": tried()},
    ),
    Row(
        "what was rolled back is tried again when failures count anew",
        "retry_rolled_back",
        Upgrade("tried again after rollback 1: cart-1.0.0"),
        desired=ROLLBACK,
        history=ROLLED_BACK,
        observed={"reset": True},
    ),
    Row(
        "after a rollback something new is an upgrade",
        "upgrade_out_of_sync",
        Upgrade("chart cart-1.0.0 -> cart-2.0.0"),
        desired=ROLLBACK | {"chart": a_chart("2.0.0"), "digest": "new"},
        history=ROLLED_BACK,
    ),
    Row(
        "after a rollback, asking for what it brought back is in sync",
        "",
        Nothing("in sync"),
        desired=ROLLBACK | {"digest": "before"},
        history=ROLLED_BACK,
    ),
    Row(
        "after a rollback of a forced upgrade what is back is what is asked for",
        "",
        Nothing("in sync"),
        desired=RETRY,
        history=(
            a_revision(3, rolled_back_from="asked", rollbacks="1"),
            a_revision(2, "failed"),
            a_revision(1, "superseded"),
        ),
    ),
    # Failures
    Row(
        "a failure waits for its back-off",
        "hold_back_failed",
        Wait("it failed", until=SOON),
        history=UPGRADE_FAILED,
        observed={"attempts": tried()},
    ),
    Row(
        "a failure does not wait when it is forced",
        "upgrade_failed",
        Upgrade("revision 2 failed; tried again"),
        history=UPGRADE_FAILED,
        observed={"attempts": tried(), "forced": True},
    ),
    Row(
        "a failure is tried again after its back-off",
        "upgrade_failed",
        Upgrade("revision 2 failed; tried again"),
        history=UPGRADE_FAILED,
        observed={"attempts": tried(retry_at=PAST)},
    ),
    Row(
        "a failure does not hold back what is asked for anew",
        "upgrade_failed",
        Upgrade("revision 2 failed; values or options changed (generation 1)"),
        desired={"digest": "new"},
        history=UPGRADE_FAILED,
        observed={"attempts": tried()},
    ),
    Row(
        "a failed rollback is upgraded over",
        "upgrade_failed",
        Upgrade("revision 3 failed; values or options changed (generation 1)"),
        desired=ROLLBACK,
        history=(
            a_revision(3, "failed", digest="before", rolled_back_from="asked", rollbacks="1"),
            *UPGRADE_FAILED,
        ),
    ),
    Row(
        "what was left unfinished is gone on with",
        "upgrade_failed",
        Upgrade("revision 1 was left unfinished; tried again"),
        observed={"newest": a_revision(1, "failed", phase="done", outcome="broken")},
    ),
    Row(
        "what was cancelled is gone on with",
        "upgrade_failed",
        Upgrade("revision 1 was cancelled; tried again"),
        observed={"newest": a_revision(1, "failed", phase="done", outcome="cancelled")},
    ),
    Row(
        "what was superseded is upgraded over",
        "upgrade_failed",
        Upgrade("revision 2 was superseded while it waited; chart cart-1.0.0 -> cart-2.0.0"),
        desired={"chart": a_chart("2.0.0"), "digest": "new"},
        history=(a_revision(2, "superseded", outcome="superseded"), a_revision(1)),
    ),
    Row(
        "a failed first install is cleared away",
        "clear_failed_install",
        Uninstall(RELEASE, "the first install failed in revision 1"),
        observed={"newest": a_revision(1, "failed", phase="done")},
    ),
    Row(
        "a first install whose tests failed is cleared away",
        "clear_failed_install",
        Uninstall(RELEASE, "the first install failed in revision 1"),
        desired=TESTS,
        observed={"newest": a_revision(1, tests="1", tested="failed")},
    ),
    Row(
        "a failed first install that made volumes is upgraded over",
        "upgrade_failed",
        Upgrade("revision 1 failed; tried again"),
        observed={"newest": a_revision(1, "failed", phase="done", volumes="data")},
    ),
    Row(
        "a failed first install that made volumes is cleared away when volumes may go",
        "clear_failed_install",
        Uninstall(RELEASE, "the first install failed in revision 1"),
        desired={"commands": commands(volumes_may_go=True)},
        observed={"newest": a_revision(1, "failed", phase="done", volumes="data")},
    ),
    Row(
        "what somebody else installed is upgraded over, though the first upgrade failed too",
        "upgrade_failed",
        Upgrade("revision 2 failed; tried again"),
        history=(
            a_revision(2, "failed", phase="done"),
            a_revision(1, "failed", owner="", digest=""),
        ),
    ),
    # Tests
    Row(
        "a new revision is tested",
        "test_untested",
        Test(1, "revision 1 is not tested yet"),
        desired=TESTS,
        observed={"newest": a_revision(tests="2")},
    ),
    Row(
        "a chart without tests is in sync",
        "",
        Nothing("in sync"),
        desired=TESTS,
        observed={"newest": a_revision()},
    ),
    Row(
        "tests that passed are not run again",
        "",
        Nothing("in sync"),
        desired=TESTS,
        observed={"newest": a_revision(tests="1", tested="passed")},
    ),
    Row(
        "failed tests that are to be ignored are in sync",
        "",
        Nothing("in sync"),
        desired={"options": options(test={"ignore_failures": True})},
        observed={"newest": a_revision(tests="1", tested="failed")},
    ),
    Row(
        "failed tests are run again where there is no way back",
        "test_again",
        Test(2, "its tests failed; run again"),
        desired=TESTS,
        history=(
            a_revision(2, tests="1", tested="failed"),
            a_revision(1, "superseded", digest="before"),
        ),
    ),
    # Rename
    Row(
        "a new name is rendered first",
        "move_renamed",
        Render('the release is renamed to "shop/shop-cart"'),
        observed={"former": a_revision(4, release=FORMER)},
    ),
    Row(
        "a former name goes once the new one renders",
        "move_renamed",
        Uninstall(FORMER, 'the release is renamed to "shop-cart"'),
        observed={"former": a_revision(4, release=FORMER), "renders": True},
    ),
    Row(
        "a move that takes volumes needs a word of the user",
        "move_renamed",
        Refuse("VolumesAtStake", VOLUMES),
        observed={"former": a_revision(4, release=FORMER, volumes="data")},
    ),
    Row(
        "a move that may take volumes goes on",
        "move_renamed",
        Render('the release is renamed to "shop/shop-cart"'),
        desired={"commands": commands(volumes_may_go=True)},
        observed={"former": a_revision(4, release=FORMER, volumes="data")},
    ),
    # Install and upgrade
    Row(
        "an interrupted uninstall is finished",
        "finish_uninstall",
        Uninstall(RELEASE, "an uninstall was interrupted"),
        observed={"newest": a_revision(2, "uninstalling")},
    ),
    Row("absent is installed", "install_absent", Install("install cart-1.0.0")),
    Row(
        "uninstalled with its history kept is installed",
        "install_absent",
        Install("install cart-1.0.0"),
        observed={"newest": a_revision(3, "uninstalled")},
    ),
    Row(
        "another chart is an upgrade that names both",
        "upgrade_out_of_sync",
        Upgrade("chart cart-1.0.0 -> cart-2.0.0"),
        desired={"chart": a_chart("2.0.0"), "digest": "new"},
        observed={"newest": a_revision()},
    ),
    Row(
        "other values are an upgrade",
        "upgrade_out_of_sync",
        Upgrade("values or options changed (generation 4)"),
        desired={"generation": 4, "digest": "new"},
        observed={"newest": a_revision()},
    ),
    Row(
        "a forced upgrade needs no other cause",
        "upgrade_forced",
        Upgrade("forced by annotation"),
        observed={"newest": a_revision(), "forced": True},
    ),
    Row(
        "late objects are looked for when it is time",
        "sweep_late_objects",
        Sweep("a claim was broken; its writer may have made objects late"),
        observed={"newest": a_revision(), "sweep_due": True},
    ),
    # Adoption
    Row(
        "a release by a human's helm is compared first",
        "take_over",
        Compare(7, "revision 7 is by another tool"),
        observed={"newest": a_revision(7, **FOREIGN)},
    ),
    Row(
        "what was compared with something else is compared anew",
        "take_over",
        Compare(7, "revision 7 is by another tool"),
        observed={"newest": a_revision(7, **FOREIGN), "likeness": alike(7, digest="old")},
    ),
    Row(
        "a release that is what is asked for is adopted as it is",
        "take_over",
        Adopt(7, "revision 7 is what is asked for"),
        observed={"newest": a_revision(7, **FOREIGN), "likeness": alike(7)},
    ),
    Row(
        "a failed release that is what is asked for is upgraded",
        "take_over",
        Upgrade("revision 7 by another tool is taken over"),
        observed={"newest": a_revision(7, "failed", **FOREIGN), "likeness": alike(7)},
    ),
    Row(
        "a release that differs is taken over by an upgrade",
        "take_over",
        Upgrade("revision 7 by another tool is taken over: values differ at replicas"),
        observed={
            "newest": a_revision(7, **FOREIGN),
            "likeness": alike(7, same=False, difference="values differ at replicas"),
        },
    ),
    Row(
        "a release whose HelmRelease is gone is taken over",
        "take_over",
        Upgrade(f"revision 1 by HelmRelease {OTHER.owner} is taken over"),
        observed={
            "newest": a_revision(owner=OTHER.owner),
            "likeness": alike(same=False),
        },
    ),
    Row(
        "a release whose objects are another HelmRelease's is refused",
        "take_over",
        Refuse("ReleaseNameTaken", managed_by("team:helmrelease/cart")),
        observed={
            "newest": a_revision(**FOREIGN),
            "likeness": alike(owner="team:helmrelease/cart"),
        },
    ),
    Row(
        "a revision that somebody else's helm wrote over ours is brought back",
        "take_over",
        Upgrade("revision 2 by another tool is brought back: values differ at replicas"),
        history=(a_revision(2, **FOREIGN), a_revision(1, "superseded")),
        observed={"likeness": alike(2, same=False, difference="values differ at replicas")},
    ),
]


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
