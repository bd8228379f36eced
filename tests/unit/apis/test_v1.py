"""HelmRelease v1: what it alone reads, tells and is called."""

from datetime import timedelta
from typing import Any

import pytest

from helmward.apis import V1
from helmward.model import (
    GitChart,
    ReleaseRef,
    RollbackPolicy,
    TestPolicy,
    Told,
    ValuesPolicy,
)
from tests.support.builders import NOW
from tests.support.declared import IN_GIT, an_account, read

NAMES: list[tuple[dict[str, Any], ReleaseRef]] = [
    ({}, ReleaseRef("shop", "shop-cart")),
    ({"targetNamespace": "shop"}, ReleaseRef("shop", "shop-cart")),
    ({"targetNamespace": "books"}, ReleaseRef("books", "shop-books-cart")),
    ({"targetNamespace": ""}, ReleaseRef("shop", "shop-cart")),
    ({"targetNamespace": "books", "releaseName": "web"}, ReleaseRef("books", "web")),
]


@pytest.mark.parametrize(("spec", "release"), NAMES)
def test_the_default_name_tells_both_namespaces(spec: dict[str, Any], release: ReleaseRef) -> None:
    assert read(V1, spec).release == release


def test_a_long_default_name_says_what_it_is_made_of() -> None:
    problem = read(V1, {"targetNamespace": "t" * 45}).problem
    assert "(<namespace>-<targetNamespace>-<name>)" in problem
    assert "set spec.releaseName" in problem


def test_a_target_that_is_no_namespace_is_a_problem() -> None:
    problem = read(V1, {"targetNamespace": "Books", "releaseName": "web"}).problem
    assert problem.startswith('spec.targetNamespace: "Books" cannot name a namespace')


@pytest.mark.parametrize("version", ["v3", "", None])
def test_helm_3_is_what_there_is(version: str | None) -> None:
    assert read(V1, {"helmVersion": version}).problem == ""


@pytest.mark.parametrize(
    ("version", "words"), [("v2", "v2 is not served"), ("v4", '"v4" is no version of Helm here')]
)
def test_other_versions_of_helm_are_refused_in_words(version: str, words: str) -> None:
    problem = read(V1, {"helmVersion": version}).problem
    assert problem.startswith(f"spec.helmVersion: {words}")
    assert "set v3 or leave" in problem


@pytest.mark.parametrize(
    ("spec", "policy"),
    [
        ({}, ValuesPolicy.RESET),
        ({"resetValues": None}, ValuesPolicy.RESET),
        ({"resetValues": True}, ValuesPolicy.RESET),
        ({"resetValues": False}, ValuesPolicy.REUSE),
    ],
)
def test_old_values_are_reused_only_when_asked_for(
    spec: dict[str, Any], policy: ValuesPolicy
) -> None:
    assert read(V1, spec).options.values_policy == policy


WAITS: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"rollback": {"enable": True}}, True),
    ({"test": {"enable": True}}, True),
    ({"wait": True}, True),
    ({"wait": None, "test": {"enable": True}}, True),
    ({"wait": False, "rollback": {"enable": True}, "test": {"enable": True}}, False),
]


@pytest.mark.parametrize(("spec", "waits"), WAITS)
def test_waits_follow_rollback_and_tests_unless_said(spec: dict[str, Any], waits: bool) -> None:
    options = read(V1, spec).options
    assert (options.wait, options.install_waits) == (waits, True)


HISTORIES = [({}, 10), ({"maxHistory": 3}, 3), ({"maxHistory": 0}, 0), ({"maxHistory": -1}, 0)]


@pytest.mark.parametrize(("spec", "kept"), HISTORIES)
def test_ten_revisions_are_kept_unless_said(spec: dict[str, Any], kept: int) -> None:
    assert read(V1, spec).options.max_history == kept


RETRIES: list[tuple[dict[str, Any], RollbackPolicy]] = [
    ({}, RollbackPolicy()),
    ({"enable": True}, RollbackPolicy(enable=True, retry=False, max_retries=5)),
    ({"retry": True}, RollbackPolicy(retry=True, max_retries=5)),
    ({"retry": True, "maxRetries": 0}, RollbackPolicy(retry=True, max_retries=0)),
    ({"retry": True, "maxRetries": 2}, RollbackPolicy(retry=True, max_retries=2)),
    # The old operator compared with the count, which is never below zero.
    ({"retry": True, "maxRetries": -1}, RollbackPolicy(retry=False, max_retries=0)),
]


@pytest.mark.parametrize(("given", "policy"), RETRIES)
def test_retries_after_a_rollback(given: dict[str, Any], policy: RollbackPolicy) -> None:
    assert read(V1, {"rollback": given}).options.rollback == policy


TESTS: list[tuple[dict[str, Any] | None, TestPolicy]] = [
    (None, TestPolicy()),
    ({"enable": True}, TestPolicy(enable=True)),
    (
        {"enable": True, "ignoreFailures": True, "timeout": 9, "cleanup": False},
        TestPolicy(True, True, False, timedelta(seconds=9)),  # as in the spec
    ),
    ({"timeout": 0}, TestPolicy()),
]


@pytest.mark.parametrize(("given", "policy"), TESTS)
def test_tests_of_the_release(given: dict[str, Any] | None, policy: TestPolicy) -> None:
    assert read(V1, {"test": given}).options.test == policy


def test_switches_of_helm() -> None:
    options = read(V1, {"skipCRDs": True, "disableOpenAPIValidation": True}).options
    assert (options.skip_crds, options.disable_openapi_validation) == (True, True)
    assert not read(V1).options.skip_crds


@pytest.mark.parametrize(("given", "namespace"), [({}, "shop"), ({"namespace": "flux"}, "flux")])
def test_credentials_of_git(given: dict[str, str], namespace: str) -> None:
    chart = read(V1, {"chart": {**IN_GIT, "secretRef": {"name": "login", **given}}}).chart
    assert isinstance(chart, GitChart)
    assert (chart.secret_namespace, chart.secret_name) == (namespace, "login")


def test_the_branch_is_the_operators_default_unless_said() -> None:
    assert getattr(read(V1, {"chart": IN_GIT}).chart, "ref", None) == ""


@pytest.mark.parametrize("kind", ["configMapKeyRef", "secretKeyRef"])
def test_values_may_come_from_another_namespace(kind: str) -> None:
    entries = [{kind: {"name": "a"}}, {kind: {"name": "a", "namespace": "shared"}}]
    found = read(V1, {"valuesFrom": entries}).values_from
    assert [one.namespace for one in found] == ["shop", "shared"]


def test_a_status_in_sync() -> None:
    account = an_account(release=ReleaseRef("books", "web"), rollbacks=3)
    written, told = V1.status(account, Told(), NOW)
    assert {name: written[name] for name in written if name != "conditions"} == {
        "observedGeneration": 3,
        "phase": "Succeeded",
        "releaseName": "web",
        "releaseNamespace": "books",
        "releaseStatus": "deployed",
        "releaseRevision": 2,
        "revision": "1.0.0",
        "lastAttemptedRevision": "1.0.0",
    }
    assert (told.release_name, told.release_namespace) == ("web", "books")


def test_names_compete_in_the_target_namespace_alone() -> None:
    spec = {"releaseName": "web", "targetNamespace": "books"}
    one, other = read(V1, spec, namespace="a"), read(V1, spec, namespace="b")
    apart = read(V1, {"releaseName": "web"}, namespace="a")
    assert set(V1.name_scopes(one)) & set(V1.name_scopes(other))
    assert not set(V1.name_scopes(one)) & set(V1.name_scopes(apart))


def test_events_are_called_as_before() -> None:
    assert (V1.synced_event, V1.failed_event) == ("ReleaseSynced", "FailedReleaseSync")
