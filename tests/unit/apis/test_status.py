"""What every generation's status tells, how it follows another, and how it reads back."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helmward.apis import GENERATIONS, V1, V1BETA1, Generation
from helmward.model import Attempts, Chart, Stage, Told
from tests.support.builders import NOW, a_revision
from tests.support.declared import a_document, an_account, condition, conditions, told_of

BOTH = pytest.mark.parametrize("served", GENERATIONS, ids=lambda one: one.resource.version)
LATER = NOW + timedelta(minutes=1)


KSTATUS: list[tuple[Stage, str, str, str]] = [
    (Stage.READY, "True", "False", "False"),
    (Stage.WORKING, "Unknown", "True", "False"),
    (Stage.WAITING, "False", "True", "False"),
    (Stage.STALLED, "False", "False", "True"),
]


@BOTH
@pytest.mark.parametrize(("stage", "ready", "reconciling", "stalled"), KSTATUS)
def test_what_kstatus_sees(
    stage: Stage, ready: str, reconciling: str, stalled: str, served: Generation
) -> None:
    """`kubectl wait --for=condition=Ready` and other tools need all three, True or not."""
    found = conditions(told_of(served, an_account(stage=stage)))
    assert [found[name][0] for name in ("Ready", "Reconciling", "Stalled")] == [
        ready,
        reconciling,
        stalled,
    ]


@BOTH
def test_transition_times_move_only_with_the_status(served: Generation) -> None:
    told = told_of(served, an_account())
    written, _ = served.status(an_account(message="still in sync"), told, LATER)
    ready = next(one for one in written["conditions"] if one["type"] == "Ready")
    assert ready["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert ready["lastUpdateTime"] == "2026-01-02T03:05:05Z"


@BOTH
def test_transition_times_do_move_with_the_status(served: Generation) -> None:
    told = told_of(served, an_account())
    written, _ = served.status(an_account(stage=Stage.WAITING), told, LATER)
    ready = next(one for one in written["conditions"] if one["type"] == "Ready")
    assert ready["lastTransitionTime"] == "2026-01-02T03:05:05Z"


FULL: dict[str, Any] = {
    "stage": Stage.WAITING,
    "action": "upgrade",
    "attempts": Attempts(3, "d", LATER, "it failed"),
    "requested_at": "r",
    "force_at": "f",
    "reset_at": "s",
    "rollbacks": 1,
    "values_checksum": "0123",
}


@BOTH
@pytest.mark.parametrize("changes", [{}, FULL], ids=["in sync", "with every field"])
def test_a_status_reads_back_as_it_was_told(changes: dict[str, Any], served: Generation) -> None:
    """Equal ones are not sent again, also when read back from the server."""
    account = an_account(**changes)
    written, told = served.status(account, Told(), NOW)
    read = served.decode(a_document(served, status=json.loads(json.dumps(written)))).told
    assert read == told
    assert told_of(served, account, read).digest == told.digest


@BOTH
def test_what_was_acted_on_is_remembered(served: Generation) -> None:
    """Tokens outlive the turns that have nothing to do with them."""
    told = told_of(served, an_account(requested_at="r", force_at="f", reset_at="s"))
    again = told_of(served, an_account(), told)
    assert (again.requested_at, again.force_at, again.reset_at) == ("r", "f", "s")


@BOTH
def test_tokens_have_the_names_of_flux_2(served: Generation) -> None:
    account = an_account(requested_at="r", force_at="f", reset_at="s")
    written, _ = served.status(account, Told(), NOW)
    assert written["lastHandledReconcileAt"] == "r"
    assert written["lastHandledForceAt"] == "f"
    assert written["lastHandledResetAt"] == "s"


@BOTH
def test_failures_are_counted_and_the_next_attempt_is_told(served: Generation) -> None:
    written, _ = served.status(an_account(**FULL), Told(), NOW)
    assert written["failures"] == 3
    assert written["nextAttemptAt"] == "2026-01-02T03:05:05Z"


@BOTH
def test_what_is_stalled_has_no_next_attempt(served: Generation) -> None:
    written, _ = served.status(an_account(**FULL | {"stage": Stage.STALLED}), Told(), NOW)
    assert "nextAttemptAt" not in written


@BOTH
def test_what_is_no_longer_so_is_left_out(served: Generation) -> None:
    """The status is written whole: what it does not name is gone."""
    told = told_of(served, an_account(**FULL))
    written, _ = served.status(an_account(newest=None, stage=Stage.WORKING), told, NOW)
    gone = {"releaseStatus", "releaseRevision", "revision", "failures", "nextAttemptAt"}
    assert not gone & set(written)


REVISIONS: list[tuple[str, dict[str, Any], str]] = [
    ("deployed", {"newest": a_revision(3, chart="cart-1.1.0")}, "1.1.0"),
    ("a version with dashes", {"newest": a_revision(3, chart="cart-1.0.0-rc.1")}, "1.0.0-rc.1"),
    ("of another chart", {"newest": a_revision(3, chart="old-cart-2.0.0-a")}, "2.0.0-a"),
    ("failed", {"newest": a_revision(3, "failed", chart="cart-1.1.0")}, "1.0.0"),
    ("under way", {"newest": a_revision(3, "pending-upgrade", chart="cart-1.1.0")}, "1.0.0"),
    ("by a human without a chart", {"newest": a_revision(3, chart="")}, ""),
]


@BOTH
@pytest.mark.parametrize(("name", "changes", "revision"), REVISIONS, ids=[r[0] for r in REVISIONS])
def test_the_revision_is_what_is_released(
    name: str, changes: dict[str, Any], revision: str, served: Generation
) -> None:
    """A newer one that is not deployed does not take its place."""
    before = told_of(served, an_account())
    assert told_of(served, an_account(**changes), before).deployed == revision, name


@BOTH
@pytest.mark.parametrize(
    ("changes", "attempted"),
    [
        ({}, "1.1.0"),
        ({"stage": Stage.WORKING, "action": "upgrade"}, "1.1.0"),
        ({"stage": Stage.WAITING, "action": "install"}, "1.1.0"),
        ({"stage": Stage.WORKING, "action": ""}, "1.0.0"),
        ({"stage": Stage.WAITING, "chart": None, "chart_problem": "down"}, "1.0.0"),
    ],
)
def test_the_attempted_revision_is_the_last_one_tried(
    changes: dict[str, Any], attempted: str, served: Generation
) -> None:
    before = told_of(served, an_account())
    assert before.attempted == "1.0.0"
    newer = replace(an_account(), chart=replace(_chart(), version="1.1.0"))
    assert told_of(served, replace(newer, **changes), before).attempted == attempted


def _chart() -> Any:
    return an_account().chart


@BOTH
def test_a_suspended_release_stays_as_it_was(served: Generation) -> None:
    """It was not looked at: neither conditions nor generation speak of the new spec."""
    before = told_of(served, an_account(**FULL))
    account = an_account(stage=Stage.SUSPENDED, generation=9, message="spec.suspend is set")
    told = told_of(served, account, before)
    assert {name: one for name, one in conditions(told).items() if name != "Suspended"} == (
        conditions(before)
    )
    assert condition(told, "Suspended").status == "True"
    assert condition(told, "Suspended").message == "spec.suspend is set"
    assert (told.generation, told.phase) == (before.generation, before.phase)


@BOTH
def test_a_release_that_goes_on_is_no_longer_suspended(served: Generation) -> None:
    before = told_of(served, an_account(stage=Stage.SUSPENDED))
    again = told_of(served, an_account(stage=Stage.SUSPENDED), before)
    assert list(conditions(again)) == ["Suspended"]
    assert "Suspended" not in conditions(told_of(served, an_account(), before))


@BOTH
def test_a_kept_copy_of_the_chart_is_told(served: Generation) -> None:
    stale = replace(_chart(), stale_reason="the repository is down")
    message = condition(told_of(served, an_account(chart=stale)), "ChartFetched").message
    assert message == "chart cart-1.0.0; the repository is down"


@BOTH
def test_a_chart_that_nobody_looked_for_is_not_told(served: Generation) -> None:
    told = told_of(served, an_account(chart=None, stage=Stage.STALLED))
    assert "ChartFetched" not in conditions(told)


@BOTH
def test_the_cause_stands_in_every_condition_that_is_false(served: Generation) -> None:
    """The old operators had one fixed sentence."""
    told = told_of(served, an_account(stage=Stage.WAITING, action="upgrade", message="no quota"))
    for name in ("Ready", "Released"):
        assert condition(told, name).message == "no quota"


OLD_STATUS = {
    "conditions": [
        {"type": "ChartFetched", "status": "True", "lastTransitionTime": None},
        {"type": "Released", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"},
    ],
    "observedGeneration": 3,
    "releaseName": "shop-cart",
    "releaseStatus": "DEPLOYED",
    "revision": "1.0.0",
    "lastSynced": "yesterday",
}


@BOTH
def test_the_old_operators_status_is_gone_on_with(served: Generation) -> None:
    """Times of conditions that stay as they are stay as well."""
    told = served.decode(a_document(served, status=OLD_STATUS)).told
    assert (told.release_name, told.generation, told.deployed) == ("shop-cart", 3, "1.0.0")
    after = told_of(served, an_account(), told)
    changed = condition(after, "Released").changed
    assert changed is not None
    assert changed.year == 2020
    assert condition(after, "ChartFetched").changed == NOW


def test_helms_status_in_each_generations_letters() -> None:
    pending = an_account(newest=a_revision(2, "pending-upgrade"), stage=Stage.WAITING)
    assert V1BETA1.status(pending, Told(), NOW)[0]["releaseStatus"] == "PENDING_UPGRADE"
    assert V1.status(pending, Told(), NOW)[0]["releaseStatus"] == "pending-upgrade"


IN_GIT = Chart("sha256:x", "cart", "1.0.0", commit="c0ffee")


@BOTH
def test_the_revision_of_a_chart_in_git_is_its_commit(served: Generation) -> None:
    """Its version says little: people seldom raise it with each commit."""
    told = told_of(served, an_account(chart=IN_GIT, from_git=True))
    assert (told.deployed, told.attempted) == ("c0ffee", "c0ffee")


@BOTH
@pytest.mark.parametrize(
    ("stage", "action", "attempted"),
    [
        (Stage.WORKING, "upgrade", "c0ffee"),
        (Stage.WAITING, "upgrade", "c0ffee"),
        (Stage.WORKING, "", "before"),
        (Stage.STALLED, "", "before"),
    ],
)
def test_a_commit_counts_as_released_once_it_is(
    stage: Stage, action: str, attempted: str, served: Generation
) -> None:
    """Till then Helm calls the revision before deployed, by a version that may be the same."""
    before = Told(deployed="before", attempted="before")
    account = an_account(chart=IN_GIT, from_git=True, stage=stage, action=action)
    told = told_of(served, account, before)
    assert (told.deployed, told.attempted) == ("before", attempted)


@BOTH
def test_a_chart_that_was_fetched_before_says_why_it_serves(served: Generation) -> None:
    chart = Chart("sha256:x", "cart", "1.0.0", stale_reason="https://x: no such host")
    fetched = condition(told_of(served, an_account(chart=chart)), "ChartFetched")
    assert (fetched.status, fetched.message) == (
        "True",
        "chart cart-1.0.0; https://x: no such host",
    )
