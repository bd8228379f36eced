"""HelmRelease v1beta1: what it alone reads, tells and is called."""

from typing import Any

import pytest

from helmward.apis import V1BETA1
from helmward.model import Outcome, Stage, Told, ValuesPolicy
from helmward.settings import GitChartSettings
from tests.support.builders import NOW, a_revision
from tests.support.declared import IN_GIT, an_account, condition, conditions, read, told_of


@pytest.mark.parametrize(
    ("spec", "policy"),
    [
        ({}, ValuesPolicy.REUSE_WHEN_EMPTY),
        ({"resetValues": False}, ValuesPolicy.REUSE_WHEN_EMPTY),
        ({"resetValues": True}, ValuesPolicy.RESET),
    ],
)
def test_old_values_are_gone_on_with_only_where_none_are_given(
    spec: dict[str, Any], policy: ValuesPolicy
) -> None:
    """As Tiller did; `false` means something else in v1."""
    assert read(V1BETA1, spec).options.values_policy == policy


@pytest.mark.parametrize(("rollback", "waits"), [({}, False), ({"enable": True}, True)])
def test_upgrades_wait_where_a_failed_one_is_rolled_back(
    rollback: dict[str, Any], waits: bool
) -> None:
    """Installs never do: there is nothing to go back to."""
    options = read(V1BETA1, {"rollback": rollback}).options
    assert (options.wait, options.install_waits) == (waits, False)


def test_what_only_v1_knows_says_nothing_here() -> None:
    """The old operator of this API ignored it too."""
    spec = {
        "wait": True,
        "maxHistory": 3,
        "targetNamespace": "elsewhere",
        "rollback": {"retry": True},
        "valuesFrom": [{"secretKeyRef": {"name": "a", "namespace": "elsewhere"}}],
        "helmVersion": "v2",
    }
    declared = read(V1BETA1, spec)
    assert declared.problem == ""
    assert declared.release.namespace == declared.values_from[0].namespace == "shop"
    assert (declared.options.wait, declared.options.max_history) == (False, 10)
    assert not declared.options.rollback.retry


def test_a_chart_in_git_is_that_of_master() -> None:
    assert getattr(read(V1BETA1, {"chart": IN_GIT}).chart, "ref", None) == ""
    assert GitChartSettings().default_ref == "master", "what an empty one stands for"


def test_no_namespace_counts_as_default() -> None:
    assert read(V1BETA1, namespace="").release.name == "default-cart"


def test_a_status_in_sync() -> None:
    written, _ = V1BETA1.status(an_account(values_checksum="abc"), Told(), NOW)
    assert {name: written[name] for name in written if name != "conditions"} == {
        "observedGeneration": 3,
        "releaseName": "shop-cart",
        "releaseStatus": "DEPLOYED",
        "releaseRevision": 2,
        "revision": "1.0.0",
        "lastAttemptedRevision": "1.0.0",
        "valuesChecksum": "abc",
    }


ROWS: list[tuple[str, dict[str, Any], dict[str, tuple[str, str] | None]]] = [
    (
        "in sync",
        {},
        {
            "ChartFetched": ("True", "RepoChartInCache"),
            "Released": ("True", "HelmSuccess"),
            "RolledBack": None,
            "Ready": ("True", "InSync"),
        },
    ),
    ("in sync, from git", {"from_git": True}, {"ChartFetched": ("True", "GitRepoCloned")}),
    (
        "an install under way",
        {"stage": Stage.WORKING, "reason": "Installing", "action": "install", "newest": None},
        {"Released": ("Unknown", "Installing"), "Ready": ("Unknown", "Installing")},
    ),
    (
        "a failed install that is tried again",
        {"stage": Stage.WAITING, "reason": "ReleaseFailed", "action": "install"},
        {"Released": ("False", "HelmInstallFailed"), "Ready": ("False", "ReleaseFailed")},
    ),
    (
        "a failed upgrade that nothing but a new spec mends",
        {"stage": Stage.STALLED, "reason": "ChartRejected", "action": "upgrade"},
        {"Released": ("False", "HelmUpgradeFailed"), "Stalled": ("True", "ChartRejected")},
    ),
    (
        "values that cannot be had, nothing released",
        {"stage": Stage.WAITING, "reason": "ValuesUnavailable", "newest": None},
        {"Released": ("False", "HelmInstallFailed")},
    ),
    (
        "values that cannot be had, something released",
        {"stage": Stage.WAITING, "reason": "ValuesUnavailable"},
        {"Released": ("False", "HelmUpgradeFailed")},
    ),
    (
        "a name that is another's",
        {"stage": Stage.STALLED, "reason": "ReleaseNameTaken", "newest": None},
        {"Released": ("False", "HelmUpgradeFailed")},
    ),
    (
        "a repository that is down while a release stands",
        {"stage": Stage.WAITING, "reason": "SourceUnavailable", "chart_problem": "down"},
        {
            "ChartFetched": ("False", "RepoFetchFailed"),
            "Released": ("True", "HelmSuccess"),
            "Ready": ("False", "SourceUnavailable"),
        },
    ),
    (
        "a git repository that is down",
        {
            "stage": Stage.WAITING,
            "reason": "SourceUnavailable",
            "chart_problem": "down",
            "from_git": True,
        },
        {"ChartFetched": ("False", "GitRepoNotCloned")},
    ),
    (
        "a rollback under way",
        {"stage": Stage.WORKING, "reason": "RollingBack", "action": "rollback"},
        {"RolledBack": ("Unknown", "HelmRollback")},
    ),
    (
        "rolled back",
        {"stage": Stage.STALLED, "action": "upgrade", "rolled_back": Outcome.PASSED},
        {"RolledBack": ("True", "HelmSuccess"), "Released": ("False", "HelmUpgradeFailed")},
    ),
    (
        "a rollback that failed stays failed",
        {"stage": Stage.WAITING, "action": "rollback", "rolled_back": Outcome.FAILED},
        {"RolledBack": ("False", "HelmRollbackFailed"), "Released": ("False", "HelmUpgradeFailed")},
    ),
]


@pytest.mark.parametrize(("name", "changes", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_conditions(
    name: str, changes: dict[str, Any], expected: dict[str, tuple[str, str] | None]
) -> None:
    """One row a state, in the words of Helm Operator 0.10."""
    found = conditions(told_of(V1BETA1, an_account(**changes)))
    assert {kind: found.get(kind) for kind in expected} == expected, name


def test_a_rollback_is_told_until_the_release_is_as_asked_for() -> None:
    rolled = told_of(V1BETA1, an_account(stage=Stage.WAITING, rolled_back=Outcome.PASSED))
    retried = told_of(V1BETA1, an_account(stage=Stage.WORKING, action="upgrade"), rolled)
    assert conditions(retried)["RolledBack"] == ("True", "HelmSuccess")
    assert "RolledBack" not in conditions(told_of(V1BETA1, an_account(), retried))


def test_a_release_that_stands_says_which_revision() -> None:
    down = an_account(stage=Stage.WAITING, chart=None, chart_problem="down", newest=a_revision(7))
    assert condition(told_of(V1BETA1, down), "Released").message == "revision 7 stays in force"


def test_names_compete_in_the_whole_cluster() -> None:
    one = read(V1BETA1, {"releaseName": "web"}, namespace="a")
    other = read(V1BETA1, {"releaseName": "web"}, namespace="b")
    assert set(V1BETA1.name_scopes(one)) & set(V1BETA1.name_scopes(other))


def test_events_are_called_as_before() -> None:
    assert (V1BETA1.synced_event, V1BETA1.failed_event) == ("ChartSynced", "FailedReleaseSync")
