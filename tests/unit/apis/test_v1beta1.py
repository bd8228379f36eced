"""HelmRelease v1beta1: what is read, what is written back, what its CRD says."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from helmward.apis import V1BETA1
from helmward.apis.conditions import conditions_of
from helmward.model import Account, Chart, ReleaseRef, Stage, Told
from tests.support.builders import NOW, RELEASE, a_revision

LATER = NOW + timedelta(minutes=1)


def document(spec: dict[str, Any] | None = None, **metadata: Any) -> bytes:
    chart = {"repository": "https://charts.example.com", "name": "cart", "version": "1.0.0"}
    return json.dumps(
        {
            "apiVersion": "flux.weave.works/v1beta1",
            "kind": "HelmRelease",
            "metadata": {"name": "cart", "namespace": "shop", "uid": "u", **metadata},
            "spec": {"chart": chart, **(spec or {})},
        }
    ).encode()


def account(**changes: Any) -> Account:
    given: dict[str, Any] = {
        "generation": 3,
        "release": RELEASE,
        "stage": Stage.READY,
        "reason": "InSync",
        "message": "revision 2 of cart-1.0.0 is in sync",
        "chart_name": "cart",
        "chart": Chart("sha256:x", "cart", "1.0.0"),
        "newest": a_revision(2),
    }
    return Account(**given | changes)


def conditions(one: Account) -> dict[str, tuple[str, str]]:
    return {c.type: (c.status, c.reason) for c in conditions_of(one)}


def test_the_default_name_is_namespace_and_name() -> None:
    assert V1BETA1.decode(document()).release == ReleaseRef("shop", "shop-cart")


def test_a_release_name_that_is_given_counts() -> None:
    declared = V1BETA1.decode(document({"releaseName": "basket"}))
    assert declared.release == ReleaseRef("shop", "basket")


@pytest.mark.parametrize("length", [53, 54])
def test_the_default_name_must_suit_helm(length: int) -> None:
    """Nothing is shortened: the user is told which field mends it."""
    name = "x" * (length - len("shop-"))
    problem = V1BETA1.decode(document(name=name)).problem
    assert ("set spec.releaseName" in problem) == (length > 53)
    assert (f"{length} characters" in problem) == (length > 53)


def test_values_are_kept_as_they_were_written() -> None:
    """Big numbers and the order of keys pass through untouched."""
    values = {"b": 12345678901234567890, "a": None, "c": {"d": [1, "x"]}}
    assert json.loads(V1BETA1.decode(document({"values": values})).values) == values


@pytest.mark.parametrize("spec", [{}, {"values": None}])
def test_no_values_are_an_empty_map(spec: dict[str, Any]) -> None:
    assert V1BETA1.decode(document(spec)).values == b"{}"


@pytest.mark.parametrize(("given", "seconds"), [({}, 300), ({"timeout": 7}, 7)])
def test_timeout_is_in_seconds(given: dict[str, Any], seconds: int) -> None:
    assert V1BETA1.decode(document(given)).timeout == timedelta(seconds=seconds)


def test_a_deleted_resource_is_told_by_its_timestamp() -> None:
    assert V1BETA1.decode(document(deletionTimestamp="2026-01-01T00:00:00Z")).deleting


def test_a_resource_without_chart_cannot_be_read() -> None:
    with pytest.raises(msgspec.DecodeError, match="chart"):
        V1BETA1.decode(b'{"metadata":{"name":"a","namespace":"b"},"spec":{}}')


def test_a_status_in_sync() -> None:
    written, told = V1BETA1.status(account(), Told(), NOW)
    assert {name: written[name] for name in written if name != "conditions"} == {
        "observedGeneration": 3,
        "releaseName": "shop-cart",
        "releaseStatus": "DEPLOYED",
        "releaseRevision": 2,
        "revision": "1.0.0",
    }
    assert told.release_name == "shop-cart"
    assert conditions(account()) == {
        "ChartFetched": ("True", "RepoChartInCache"),
        "Released": ("True", "HelmSuccess"),
        "Ready": ("True", "InSync"),
        "Reconciling": ("False", "InSync"),
        "Stalled": ("False", "InSync"),
    }


def test_statuses_are_in_capitals_as_tiller_wrote_them() -> None:
    pending = account(newest=a_revision(2, "pending-upgrade"), stage=Stage.WAITING)
    assert V1BETA1.status(pending, Told(), NOW)[0]["releaseStatus"] == "PENDING_UPGRADE"


def test_a_version_with_dashes_is_told_whole() -> None:
    newest = a_revision(2, chart="cart-1.0.0-rc.1")
    assert V1BETA1.status(account(newest=newest), Told(), NOW)[0]["revision"] == "1.0.0-rc.1"


def test_what_is_no_longer_so_is_left_out() -> None:
    """The status is written whole: what it does not name is gone."""
    written, _ = V1BETA1.status(account(newest=None, stage=Stage.WAITING), Told(), NOW)
    assert not {"releaseStatus", "releaseRevision", "revision"} & set(written)


STAGES: list[tuple[str, dict[str, Any], dict[str, tuple[str, str]]]] = [
    (
        "an install under way",
        {"stage": Stage.WORKING, "reason": "Installing", "action": "install", "newest": None},
        {
            "Released": ("Unknown", "Installing"),
            "Ready": ("Unknown", "Installing"),
            "Reconciling": ("True", "Installing"),
            "Stalled": ("False", "Installing"),
        },
    ),
    (
        "a failed install that is tried again",
        {"stage": Stage.WAITING, "reason": "ReleaseFailed", "action": "install"},
        {
            "Released": ("False", "HelmInstallFailed"),
            "Ready": ("False", "ReleaseFailed"),
            "Reconciling": ("True", "ReleaseFailed"),
        },
    ),
    (
        "a failed upgrade that nothing but a new spec mends",
        {"stage": Stage.STALLED, "reason": "ChartRejected", "action": "upgrade"},
        {
            "Released": ("False", "HelmUpgradeFailed"),
            "Ready": ("False", "ChartRejected"),
            "Reconciling": ("False", "ChartRejected"),
            "Stalled": ("True", "ChartRejected"),
        },
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
]


@pytest.mark.parametrize(("name", "changes", "expected"), STAGES, ids=[row[0] for row in STAGES])
def test_stages(name: str, changes: dict[str, Any], expected: dict[str, tuple[str, str]]) -> None:
    """One row a stage: what `kubectl wait` and kstatus see."""
    found = conditions(account(**changes))
    assert {kind: found[kind] for kind in expected} == expected, name


def test_transition_times_move_only_with_the_status() -> None:
    _, told = V1BETA1.status(account(), Told(), NOW)
    written, _ = V1BETA1.status(account(message="still in sync"), told, LATER)
    ready = next(one for one in written["conditions"] if one["type"] == "Ready")
    assert ready["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert ready["lastUpdateTime"] == "2026-01-02T03:05:05Z"


def test_a_status_that_says_the_same_has_the_same_digest() -> None:
    """Equal ones are not sent again, also when read back from the server."""
    written, told = V1BETA1.status(account(), Told(), NOW)
    read = V1BETA1.decode(_with_status(written))
    _, again = V1BETA1.status(account(), read.told, LATER)
    assert told.digest == read.told.digest == again.digest


def _with_status(status: Any) -> bytes:
    whole = json.loads(document())
    whole["status"] = {name: value for name, value in status.items() if value is not None}
    return json.dumps(whole).encode()


def test_names_compete_in_the_whole_cluster() -> None:
    one = V1BETA1.decode(document({"releaseName": "web"}, namespace="a"))
    other = V1BETA1.decode(document({"releaseName": "web"}, namespace="b"))
    assert set(V1BETA1.name_scopes(one)) & set(V1BETA1.name_scopes(other)) == {"web"}


def test_every_field_of_the_crd_is_described() -> None:
    """`kubectl explain` is the first manual that users open."""
    schema = V1BETA1.crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

    def walk(path: str, node: dict[str, Any]) -> None:
        for name, child in node.get("properties", {}).items():
            assert child.get("description"), f"{path}.{name}"
            walk(f"{path}.{name}", child)
        if "items" in node:
            walk(f"{path}[]", node["items"])

    for part in ("spec", "status"):
        walk(part, schema["properties"][part])


def test_times_are_utc() -> None:
    here = datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC)
    written, _ = V1BETA1.status(account(), Told(), here)
    assert written["conditions"][0]["lastUpdateTime"] == "2026-01-02T04:04:05Z"
