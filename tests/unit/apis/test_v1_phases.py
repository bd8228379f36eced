"""Phases and conditions of v1, in the words of Helm Operator 1.4."""

from typing import Any

import pytest

from helmward.apis import V1
from helmward.apis.v1.phases import PHASES
from helmward.model import Outcome, Stage, Told
from tests.support.builders import NOW, a_revision
from tests.support.declared import an_account, condition, conditions, told_of

STATES: list[tuple[str, dict[str, Any], str, dict[str, tuple[str, str] | None]]] = [
    (
        "in sync",
        {},
        "Succeeded",
        {
            "ChartFetched": ("True", "ChartFetched"),
            "Deployed": ("True", "Deployed"),
            "Released": ("True", "Succeeded"),
            "RolledBack": None,
            "Tested": None,
        },
    ),
    (
        "in sync and tested",
        {"tested": Outcome.PASSED},
        "Succeeded",
        {"Tested": ("True", "Tested"), "Released": ("True", "Succeeded")},
    ),
    (
        "in sync, its tests failed and were not to count",
        {"tested": Outcome.FAILED, "tests_decide": False},
        "Succeeded",
        {"Tested": ("False", "TestFailed"), "Released": ("True", "Succeeded")},
    ),
    (
        "an install under way",
        {"stage": Stage.WORKING, "action": "install", "newest": None},
        "Installing",
        {"Deployed": ("Unknown", "Installing"), "Released": ("Unknown", "Installing")},
    ),
    (
        "an upgrade under way",
        {"stage": Stage.WORKING, "action": "upgrade"},
        "Upgrading",
        {"Deployed": ("Unknown", "Upgrading"), "Released": ("Unknown", "Upgrading")},
    ),
    (
        "tests under way",
        {"stage": Stage.WORKING, "action": "test"},
        "Testing",
        {
            "Deployed": ("True", "Deployed"),
            "Tested": ("Unknown", "Testing"),
            "Released": ("Unknown", "Testing"),
        },
    ),
    (
        "a rollback under way",
        {"stage": Stage.WORKING, "action": "rollback"},
        "RollingBack",
        {"RolledBack": ("Unknown", "RollingBack"), "Released": ("Unknown", "RollingBack")},
    ),
    (
        "a failed install",
        {"stage": Stage.WAITING, "action": "install", "newest": None},
        "DeployFailed",
        {"Deployed": ("False", "DeployFailed"), "Released": ("False", "DeployFailed")},
    ),
    (
        "a failed upgrade that only a new spec mends",
        {"stage": Stage.STALLED, "action": "upgrade"},
        "DeployFailed",
        {"Deployed": ("False", "DeployFailed"), "Stalled": ("True", "InSync")},
    ),
    (
        "failed tests",
        {"stage": Stage.WAITING, "action": "test", "tested": Outcome.FAILED},
        "TestFailed",
        {
            "Deployed": ("True", "Deployed"),
            "Tested": ("False", "TestFailed"),
            "Released": ("False", "TestFailed"),
        },
    ),
    (
        "rolled back after a failed upgrade",
        {"stage": Stage.WAITING, "action": "upgrade", "rolled_back": Outcome.PASSED},
        "RolledBack",
        {
            "Deployed": ("False", "DeployFailed"),
            "RolledBack": ("True", "RolledBack"),
            "Released": ("False", "DeployFailed"),
        },
    ),
    (
        "rolled back, nothing more is tried",
        {"stage": Stage.STALLED, "rolled_back": Outcome.PASSED},
        "RolledBack",
        {"Deployed": ("False", "DeployFailed"), "Released": ("False", "DeployFailed")},
    ),
    (
        "rolled back after failed tests",
        {"stage": Stage.STALLED, "rolled_back": Outcome.PASSED, "tested": Outcome.FAILED},
        "RolledBack",
        {"RolledBack": ("True", "RolledBack"), "Released": ("False", "TestFailed")},
    ),
    (
        "a failed rollback",
        {"stage": Stage.WAITING, "action": "rollback"},
        "RollbackFailed",
        {"RolledBack": ("False", "RollbackFailed"), "Released": ("False", "DeployFailed")},
    ),
    (
        "a failed rollback, told by its outcome",
        {"stage": Stage.STALLED, "rolled_back": Outcome.FAILED},
        "RollbackFailed",
        {"RolledBack": ("False", "RollbackFailed"), "Released": ("False", "DeployFailed")},
    ),
    (
        "a chart that cannot be fetched",
        {"stage": Stage.WAITING, "chart": None, "chart_problem": "down"},
        "ChartFetchFailed",
        {
            "ChartFetched": ("False", "ChartFetchFailed"),
            "Deployed": ("True", "Deployed"),
            "Released": ("False", "ChartFetchFailed"),
        },
    ),
    (
        "a chart that cannot be fetched while an old state is back",
        {
            "stage": Stage.WAITING,
            "chart": None,
            "chart_problem": "down",
            "rolled_back": Outcome.PASSED,
        },
        "ChartFetchFailed",
        {"RolledBack": ("True", "RolledBack"), "Released": ("False", "ChartFetchFailed")},
    ),
    (
        "a spec that breaks a rule",
        {"stage": Stage.STALLED, "chart": None, "newest": None},
        "Failed",
        {"ChartFetched": None, "Deployed": None, "Released": ("False", "Failed")},
    ),
    (
        "an uninstall that failed",
        {"stage": Stage.WAITING, "action": "uninstall"},
        "Failed",
        {"Deployed": ("True", "Deployed"), "Released": ("False", "Failed")},
    ),
    (
        "nothing done yet",
        {"stage": Stage.WORKING, "action": "", "newest": None, "reason": "Waiting"},
        "ChartFetched",
        {"Deployed": None, "Released": ("Unknown", "Waiting")},
    ),
]


@pytest.mark.parametrize(
    ("name", "changes", "phase", "expected"), STATES, ids=[row[0] for row in STATES]
)
def test_phases_and_conditions(
    name: str,
    changes: dict[str, Any],
    phase: str,
    expected: dict[str, tuple[str, str] | None],
) -> None:
    """One row a state, in the words of Helm Operator 1.4."""
    told = told_of(V1, an_account(**changes))
    found = conditions(told)
    assert told.phase == phase, name
    assert phase in PHASES
    assert {kind: found.get(kind) for kind in expected} == expected, name


@pytest.mark.parametrize("action", ["", "unlock", "uninstall"])
def test_work_that_has_no_phase_leaves_the_last_one(action: str) -> None:
    before = told_of(V1, an_account(stage=Stage.WAITING, action="upgrade"))
    told = told_of(V1, an_account(stage=Stage.WORKING, action=action), before)
    assert told.phase == "DeployFailed"


def test_a_rollback_is_told_until_the_release_is_as_asked_for() -> None:
    rolled = told_of(V1, an_account(stage=Stage.WAITING, rolled_back=Outcome.PASSED, rollbacks=1))
    retried = told_of(V1, an_account(stage=Stage.WORKING, action="upgrade"), rolled)
    assert conditions(retried)["RolledBack"] == ("True", "RolledBack")
    assert "RolledBack" not in conditions(told_of(V1, an_account(), retried))


@pytest.mark.parametrize(
    ("stage", "count"), [(Stage.READY, None), (Stage.WORKING, 2), (Stage.WAITING, 2)]
)
def test_rollbacks_are_counted_until_the_release_is_as_asked_for(
    stage: Stage, count: int | None
) -> None:
    written, _ = V1.status(an_account(stage=stage, rollbacks=2), Told(), NOW)
    assert written.get("rollbackCount") == count


def test_the_message_is_the_cause_and_no_fixed_sentence() -> None:
    told = told_of(V1, an_account(stage=Stage.WAITING, action="upgrade", message="no quota left"))
    for name in ("Deployed", "Released"):
        assert condition(told, name).message == "no quota left"


def test_deployed_names_its_revision() -> None:
    told = told_of(V1, an_account(newest=a_revision(7, chart="cart-1.0.0")))
    assert condition(told, "Deployed").message == "revision 7 (cart-1.0.0) is deployed"
