"""Metrics of HelmReleases: the old names, the right numbers, and gone in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families as families

from helmward.model import (
    Account,
    Attempts,
    Commands,
    Condition,
    Key,
    ReleaseRef,
    Stage,
    Told,
)
from helmward.releases.meters import Meters
from tests.support.builders import KEY, NOW, RELEASE, a_declared, a_revision

OLD = "flux_helm_operator_release"
WHERE = {"target_namespace": "shop", "release_name": "shop-cart"}
WHO = {"api": KEY.api, "namespace": "shop", "name": "cart"}
OTHER = Key("helm.fluxcd.io/v1", "shop", "cart")


class Scraped:
    """Meters, and what Prometheus would read of them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.meters = Meters(self.registry, lambda: 3.0)

    def value(self, metric: str, /, **labels: str) -> float | None:
        return self.registry.get_sample_value(metric, labels)

    def samples(self) -> list[tuple[str, dict[str, str]]]:
        """Every sample with labels, as text and back, which doubles would not survive."""
        text = generate_latest(self.registry).decode()
        found = [
            (one.name, one.labels)
            for family in families(text)
            for one in family.samples
            if one.labels and "outcome" not in one.labels
        ]
        keys = [(name, tuple(sorted(labels.items()))) for name, labels in found]
        assert len(keys) == len(set(keys)), "Prometheus refuses a series that comes twice"
        return found

    def names(self) -> set[str]:
        """Names of the families, whether they have samples or not."""
        return {family.name for family in families(generate_latest(self.registry).decode())}

    def told(
        self, declared: Any = None, conditions: dict[str, str] | None = None, **it: Any
    ) -> None:
        given: dict[str, Any] = {
            "generation": 1,
            "release": RELEASE,
            "stage": Stage.READY,
            "reason": "InSync",
            "message": "in sync",
            "chart_name": "cart",
            "newest": a_revision(),
        }
        said = {"Ready": "True"} if conditions is None else conditions
        told = tuple(Condition(name, status, "", "", NOW) for name, status in said.items())
        one = declared or a_declared()
        self.meters.told(one, Account(**given | it), Told(conditions=told), NOW)


@pytest.fixture
def scraped() -> Scraped:
    return Scraped()


def test_the_old_operators_metrics_keep_their_names(scraped: Scraped) -> None:
    """Dashboards and alerts that people have go on working."""
    assert {
        f"{OLD}_count",
        f"{OLD}_queue_length_count",
        f"{OLD}_condition_info",
        f"{OLD}_action_duration_seconds",
        f"{OLD}_duration_seconds",
        f"{OLD}_phase_duration_seconds",
    } <= scraped.names()
    assert scraped.value(f"{OLD}_queue_length_count") == 3


@pytest.mark.parametrize(("status", "value"), [("True", 1), ("Unknown", 0), ("False", -1)])
def test_a_condition_is_one_of_three_numbers(scraped: Scraped, status: str, value: int) -> None:
    scraped.told(conditions={"Released": status})

    assert scraped.value(f"{OLD}_condition_info", condition="Released", **WHERE) == value


def test_a_condition_that_is_no_longer_told_has_no_series(scraped: Scraped) -> None:
    """RolledBack goes when an upgrade succeeds; an alert on it must end."""
    scraped.told(conditions={"Released": "True", "RolledBack": "True"})
    scraped.told(conditions={"Released": "True"})

    assert scraped.value(f"{OLD}_condition_info", condition="RolledBack", **WHERE) is None
    assert scraped.value(f"{OLD}_condition_info", condition="Released", **WHERE) == 1


def test_two_that_aim_at_one_release_tell_the_worse(scraped: Scraped) -> None:
    """The old labels name the release only; a refused claimant must be seen."""
    scraped.told(conditions={"Ready": "True"})
    second = a_declared(key=OTHER)
    scraped.told(second, conditions={"Ready": "False"})
    assert scraped.value(f"{OLD}_condition_info", condition="Ready", **WHERE) == -1
    scraped.samples()

    scraped.meters.forget(second)

    assert scraped.value(f"{OLD}_condition_info", condition="Ready", **WHERE) == 1


@pytest.mark.parametrize(
    ("verb", "word"),
    [
        ("sync", "sync"),
        ("install", "install"),
        ("upgrade", "upgrade"),
        ("rollback", "rollback"),
        ("uninstall", "uninstall"),
        ("test", "test"),
        ("adopt", "annotate"),
        ("compare", "dry-run-compare"),
    ],
)
def test_actions_have_the_old_operators_words(scraped: Scraped, verb: str, word: str) -> None:
    scraped.meters.acted(verb, a_declared(), 7.0, success=True)

    labels = {"action": word, "success": "true", **WHERE}
    assert scraped.value(f"{OLD}_action_duration_seconds_count", **labels) == 1
    assert scraped.value(f"{OLD}_action_duration_seconds_sum", **labels) == 7
    assert scraped.value(f"{OLD}_action_duration_seconds_bucket", le="5.0", **labels) == 0
    assert scraped.value(f"{OLD}_action_duration_seconds_bucket", le="10.0", **labels) == 1
    assert scraped.value(f"{OLD}_action_duration_seconds_bucket", le="+Inf", **labels) == 1


def test_the_buckets_are_the_old_operators(scraped: Scraped) -> None:
    """A query for le="180.0" must find something."""
    scraped.meters.acted("install", a_declared(), 1.0, success=True)
    bounds = {
        labels["le"]
        for name, labels in scraped.samples()
        if name == f"{OLD}_action_duration_seconds_bucket"
    }

    old = (1, 5, 10, 30, 60, 120, 180, 300, 600, 1800)
    assert bounds == {*(str(float(bound)) for bound in old), "+Inf"}
    labels = {"action": "install", "success": "true", **WHERE}
    assert scraped.value(f"{OLD}_action_duration_seconds_bucket", le="1.0", **labels) == 1


def test_the_deprecated_names_tell_the_same(scraped: Scraped) -> None:
    """A whole turn under one, everything else under the other."""
    scraped.meters.acted("sync", a_declared(), 9.0, success=False)
    scraped.meters.acted("upgrade", a_declared(), 8.0, success=True)
    old = {"namespace": "shop", "release_name": "shop-cart"}

    assert scraped.value(f"{OLD}_duration_seconds_sum", success="false", **old) == 9
    upgrade = {"action": "upgrade", "success": "true", **old}
    assert scraped.value(f"{OLD}_phase_duration_seconds_sum", **upgrade) == 8
    sync = {"action": "sync", "success": "false", **old}
    assert scraped.value(f"{OLD}_phase_duration_seconds_sum", **sync) is None


def test_a_resource_that_is_gone_leaves_no_series(scraped: Scraped) -> None:
    """Else each release that ever was is scraped for ever."""
    declared = a_declared()
    scraped.told(declared, attempts=Attempts(2, "x", NOW))
    scraped.meters.phase(declared, "applying")
    for action in ("sync", "install", "uninstall"):
        scraped.meters.acted(action, declared, 1.0, success=True)
    assert len({name for name, _ in scraped.samples() if "release" in name}) > 10

    scraped.meters.forget(declared)
    scraped.meters.forget(declared)

    of_all = ("helmward_action_duration_seconds", "helmward_release_wait_seconds")
    left = [name for name, _ in scraped.samples() if not name.startswith(of_all)]
    assert left == []


def test_a_renamed_release_leaves_no_series_under_its_old_name(scraped: Scraped) -> None:
    declared = a_declared()
    scraped.told(declared)
    scraped.meters.acted("install", declared, 1.0, success=True)

    renamed = replace(declared, release=ReleaseRef("shop", "basket"))
    scraped.told(renamed)
    scraped.meters.acted("install", renamed, 1.0, success=True)

    names = {labels.get("release_name") or labels.get("release") for _, labels in scraped.samples()}
    assert names - {None} == {"basket"}


def test_counts_of_a_release_stay_while_somebody_declares_it(scraped: Scraped) -> None:
    """The one who was refused goes; the history of the release is not his."""
    second = a_declared(key=OTHER)
    scraped.meters.acted("install", a_declared(), 1.0, success=True)
    scraped.meters.acted("sync", second, 1.0, success=False)

    scraped.meters.forget(second)

    labels = {"action": "install", "success": "true", **WHERE}
    assert scraped.value(f"{OLD}_action_duration_seconds_count", **labels) == 1


def test_what_is_released_stands_in_an_info_series(scraped: Scraped) -> None:
    """One series at a time: the version before must not stay beside the new one."""
    scraped.told(newest=a_revision(chart="cart-1.0.0"))
    scraped.told(newest=a_revision(2, chart="cart-1.1.0"))

    found = [labels for name, labels in scraped.samples() if name == "helmward_release_info"]
    assert found == [
        {
            **WHO,
            "release_namespace": "shop",
            "release": "shop-cart",
            "chart": "cart",
            "version": "1.1.0",
        }
    ]
    assert scraped.value("helmward_release_revision", **WHO) == 2


def test_retries_can_be_seen_and_alerted_on(scraped: Scraped) -> None:
    retry_at = datetime(2026, 5, 6, tzinfo=UTC)
    failing = Attempts(3, "asked", retry_at, "no")
    scraped.told(stage=Stage.WAITING, attempts=failing, conditions={"Ready": "False"})

    assert scraped.value("helmward_release_ready", **WHO) == 0
    assert scraped.value("helmward_release_attempts", **WHO) == 3
    at = scraped.value("helmward_release_next_attempt_timestamp_seconds", **WHO)
    assert at == retry_at.timestamp()
    assert scraped.value("helmward_release_stage", stage="waiting", **WHO) == 1

    scraped.told()

    assert scraped.value("helmward_release_ready", **WHO) == 1
    assert scraped.value("helmward_release_attempts", **WHO) == 0
    assert scraped.value("helmward_release_next_attempt_timestamp_seconds", **WHO) is None
    assert scraped.value("helmward_release_stage", stage="waiting", **WHO) is None


def test_pending_is_counted_from_its_beginning(scraped: Scraped) -> None:
    """From failing to being tried again is no new beginning; being Ready ends it."""
    began = NOW.timestamp()
    name = "helmward_release_pending_since_timestamp_seconds"
    for status, stage in (("False", Stage.WAITING), ("Unknown", Stage.WORKING)):
        scraped.told(stage=stage, conditions={"Ready": status})
    later = Told(conditions=(Condition("Ready", "False", "", "", NOW + timedelta(hours=1)),))
    account = Account(1, RELEASE, Stage.WAITING, "", "", "cart")
    scraped.meters.told(a_declared(), account, later, NOW + timedelta(hours=2))

    assert scraped.value(name, **WHO) == began

    scraped.told()

    assert scraped.value(name, **WHO) is None


@pytest.mark.parametrize("way", ["annotation", "stage"])
def test_who_is_left_alone_can_be_seen(scraped: Scraped, way: str) -> None:
    scraped.told()
    assert scraped.value("helmward_release_suspended", **WHO) == 0

    stage = Stage.SUSPENDED if way == "stage" else Stage.READY
    scraped.told(a_declared(commands=Commands(suspend=way == "annotation")), stage=stage)

    assert scraped.value("helmward_release_suspended", **WHO) == 1


def test_the_phase_of_an_action_is_told_while_it_lasts(scraped: Scraped) -> None:
    scraped.meters.phase(a_declared(), "waiting")
    assert scraped.value("helmward_release_phase", phase="waiting", **WHO) == 1
    scraped.told(stage=Stage.WORKING)
    assert scraped.value("helmward_release_phase", phase="waiting", **WHO) == 1

    scraped.meters.phase(a_declared(), "")

    assert scraped.value("helmward_release_phase", phase="waiting", **WHO) is None


def test_two_generations_may_use_one_name(scraped: Scraped) -> None:
    """Their series are told apart by the API; none comes twice."""
    scraped.told()
    scraped.told(a_declared(key=OTHER, release=ReleaseRef("shop", "other")), stage=Stage.WORKING)

    scraped.samples()
    assert scraped.value("helmward_release_ready", **WHO) == 1
    assert scraped.value("helmward_release_ready", **WHO | {"api": OTHER.api}) == 0


def test_no_label_holds_free_text(scraped: Scraped) -> None:
    """A label with a message in it makes a new series at every failure."""
    scraped.told(
        stage=Stage.STALLED,
        reason="ReleaseFailed",
        message="the cause",
        chart_problem="the cause",
        attempts=Attempts(1, "d", NOW, "the cause"),
    )

    words = {text for _, labels in scraped.samples() for text in labels.values()}
    assert not any("cause" in text for text in words)
