"""The table of decisions: each rule a row, each order between rules a test."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from helmward.model import (
    Decision,
    Forget,
    Install,
    Key,
    Nothing,
    Refuse,
    Uninstall,
    Unlock,
    Upgrade,
    Wait,
    Writer,
)
from helmward.releases.decide import RULES, decide
from tests.support.builders import (
    FORMER,
    KEY,
    PAST,
    RELEASE,
    SOON,
    a_chart,
    a_desired,
    a_revision,
    an_observed,
    tried,
)

OTHER = Key(KEY.api, "team", "cart")


@dataclass
class Row:
    name: str
    decision: Decision
    desired: dict[str, Any] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)


def held_by(holder: Key) -> str:
    return (
        f'spec.releaseName: "shop-cart" is held by HelmRelease {holder}; '
        "choose another name, or delete that one"
    )


TABLE = [
    Row("in sync", Nothing("in sync"), observed={"newest": a_revision()}),
    Row("absent is installed", Install("install cart-1.0.0")),
    Row(
        "uninstalled with its history kept is installed",
        Install("install cart-1.0.0"),
        observed={"newest": a_revision(3, "uninstalled")},
    ),
    Row(
        "another chart is an upgrade that names both",
        Upgrade("chart cart-1.0.0 -> cart-2.0.0"),
        desired={"chart": a_chart("2.0.0"), "digest": "new"},
        observed={"newest": a_revision()},
    ),
    Row(
        "other values are an upgrade",
        Upgrade("values or options changed (generation 4)"),
        desired={"generation": 4, "digest": "new"},
        observed={"newest": a_revision()},
    ),
    Row(
        "a release by a human's helm is taken over",
        Upgrade("revision 7 by another tool is taken over"),
        observed={"newest": a_revision(7, owner="", digest="")},
    ),
    Row(
        "a release whose HelmRelease is gone is taken over",
        Upgrade(f"revision 1 by HelmRelease {OTHER.owner} is taken over"),
        observed={"newest": a_revision(owner=OTHER.owner)},
    ),
    Row(
        "a failed revision is written over",
        Upgrade("revision 2 failed; tried again"),
        observed={"newest": a_revision(2, "failed")},
    ),
    Row(
        "a failed revision does not block another chart",
        Upgrade("revision 2 failed; chart cart-1.0.0 -> cart-2.0.0"),
        desired={"chart": a_chart("2.0.0"), "digest": "new"},
        observed={"newest": a_revision(2, "failed")},
    ),
    Row(
        "a failed first install whose chart changed is an upgrade too",
        Upgrade("revision 1 failed; values or options changed (generation 1)"),
        desired={"digest": "new"},
        observed={"newest": a_revision(1, "failed")},
    ),
    Row(
        "pending by a writer that is gone is unlocked",
        Unlock(2, "left pending-upgrade by a writer that is gone"),
        observed={"newest": a_revision(2, "pending-upgrade"), "writer": Writer.GONE},
    ),
    Row(
        "pending by a living writer is left alone",
        Wait("revision 2 is being written by ops/helmward-a"),
        observed={
            "newest": a_revision(2, "pending-upgrade", session="ops/helmward-a"),
            "writer": Writer.ALIVE,
        },
    ),
    Row(
        "pending by a human's helm is left alone for its own timeout",
        Wait("revision 1 is pending-install by another tool", until=SOON),
        observed={
            "newest": a_revision(1, "pending-install", owner="", digest=""),
            "writer": Writer.FOREIGN,
            "foreign_until": SOON,
        },
    ),
    Row(
        "pending by a human's helm is unlocked after its own timeout",
        Unlock(1, "left pending-install by a writer that is gone"),
        observed={
            "newest": a_revision(1, "pending-install", owner="", digest=""),
            "writer": Writer.FOREIGN,
            "foreign_until": PAST,
        },
    ),
    Row(
        "an interrupted uninstall is finished",
        Uninstall(RELEASE, "an uninstall was interrupted"),
        observed={"newest": a_revision(2, "uninstalling")},
    ),
    Row(
        "a former name goes first",
        Uninstall(FORMER, 'the release is renamed to "shop-cart"'),
        observed={"former": a_revision(4, release=FORMER)},
    ),
    Row(
        "a taken name is refused and names the holder",
        Refuse("ReleaseNameTaken", held_by(OTHER)),
        observed={"name_holder": OTHER},
    ),
    Row(
        "deleted with a release is an uninstall",
        Uninstall(RELEASE, "the HelmRelease is deleted"),
        desired={"deleting": True, "digest": "deleted"},
        observed={"newest": a_revision()},
    ),
    Row(
        "deleted with a release under a former name uninstalls that",
        Uninstall(FORMER, "the HelmRelease is deleted"),
        desired={"deleting": True, "digest": "deleted"},
        observed={"former": a_revision(release=FORMER)},
    ),
    Row(
        "deleted without a release is let go",
        Forget("no release of this HelmRelease is left"),
        desired={"deleting": True},
    ),
    Row(
        "deleted while another's release stands under the name is let go",
        Forget("no release of this HelmRelease is left"),
        desired={"deleting": True},
        observed={"newest": a_revision(owner=OTHER.owner)},
    ),
    Row(
        "a failure waits for its back-off",
        Wait("it failed", until=SOON),
        observed={"newest": a_revision(2, "failed"), "attempts": tried()},
    ),
    Row(
        "a failure is tried again after its back-off",
        Upgrade("revision 2 failed; tried again"),
        observed={"newest": a_revision(2, "failed"), "attempts": tried(retry_at=PAST)},
    ),
    Row(
        "a failure does not hold back what is asked for anew",
        Upgrade("revision 2 failed; values or options changed (generation 1)"),
        desired={"digest": "new"},
        observed={"newest": a_revision(2, "failed"), "attempts": tried()},
    ),
    Row(
        "a failed uninstall waits for its back-off",
        Wait("it failed", until=SOON),
        desired={"deleting": True, "digest": "deleted"},
        observed={"newest": a_revision(), "attempts": tried("deleted")},
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_decision(row: Row) -> None:
    """One row of the table."""
    assert decide(a_desired(**row.desired), an_observed(**row.observed)) == row.decision


def test_a_pending_revision_is_unlocked_before_a_new_chart() -> None:
    """A crash in mid-upgrade leaves a lock; even a new chart waits for it."""
    pending = a_revision(2, "pending-upgrade")
    desired = a_desired(chart=a_chart("2.0.0"), digest="new")
    decision = decide(desired, an_observed(newest=pending, writer=Writer.GONE))
    assert isinstance(decision, Unlock)


def test_a_pending_revision_is_unlocked_though_the_last_try_failed() -> None:
    """The back-off holds Helm's verbs back, never the repair."""
    pending = a_revision(2, "pending-upgrade")
    observed = an_observed(newest=pending, writer=Writer.GONE, attempts=tried())
    assert isinstance(decide(a_desired(), observed), Unlock)


def test_a_taken_name_is_refused_before_its_lock_is_broken() -> None:
    """Whoever does not hold the name does not touch what is under it."""
    observed = an_observed(
        newest=a_revision(2, "pending-upgrade"), writer=Writer.GONE, name_holder=OTHER
    )
    assert isinstance(decide(a_desired(), observed), Refuse)


def test_a_deleted_resource_waits_for_a_living_writer() -> None:
    """An uninstall under a running upgrade would leave half of both."""
    observed = an_observed(newest=a_revision(2, "pending-upgrade"), writer=Writer.ALIVE)
    assert isinstance(decide(a_desired(deleting=True), observed), Wait)


def test_a_deleted_resource_unlocks_before_it_uninstalls() -> None:
    """Then the old writer cannot come back with its status."""
    observed = an_observed(newest=a_revision(2, "pending-upgrade"), writer=Writer.GONE)
    assert isinstance(decide(a_desired(deleting=True), observed), Unlock)


def test_a_rename_to_a_taken_name_keeps_the_old_release() -> None:
    """The old release goes only once the new name is free."""
    observed = an_observed(former=a_revision(release=FORMER), name_holder=OTHER)
    assert isinstance(decide(a_desired(), observed), Refuse)


def test_every_rule_is_a_sentence() -> None:
    """The reference page is printed from these docstrings."""
    for rule in RULES:
        words = (rule.__doc__ or "").strip()
        assert words.endswith("."), rule.__name__


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_answers_some_row(rule: Any) -> None:
    """A rule that decides no row of the table is dead, or untested."""
    answers = [
        next(one for one in RULES if one(a_desired(**row.desired), an_observed(**row.observed)))
        for row in TABLE
        if not isinstance(row.decision, Nothing)
    ]
    assert rule in answers
