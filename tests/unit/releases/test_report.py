"""What the reporter keeps, and for how long."""

from typing import Any

from prometheus_client import CollectorRegistry

from helmward.apis import V1BETA1
from helmward.model import Stage
from helmward.releases.report import Meters, Reporter
from tests.support.builders import KEY, a_declared

WHO = {"api": KEY.api, "namespace": KEY.namespace, "name": KEY.name}
ACTIONS = "flux_helm_operator_release_action_duration_seconds_count"
LABELS = {"target_namespace": "shop", "release_name": "shop-cart"}


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_reporter(registry: CollectorRegistry, clock: Clock | None = None) -> Reporter:
    nobody: Any = None
    meters = Meters(registry, lambda: 0.0)
    return Reporter(nobody, {KEY.api: V1BETA1}, nobody, meters, clock=clock or Clock())


def test_an_action_that_ends_after_its_resource_went_brings_nothing_back() -> None:
    """The watch may tell of the end before the request that caused it returns."""
    registry = CollectorRegistry()
    reporter, declared = a_reporter(registry), a_declared()
    reporter.forget(declared)

    reporter.phase(declared, "hooks")
    reporter.acted("uninstall", declared, 1.0, success=True)

    labels = {"action": "uninstall", "success": "true", **LABELS}
    assert registry.get_sample_value(ACTIONS, labels) is None
    assert registry.get_sample_value("helmward_release_phase", {**WHO, "phase": "hooks"}) is None


def test_a_resource_made_anew_under_the_same_name_counts() -> None:
    registry = CollectorRegistry()
    reporter = a_reporter(registry)
    reporter.forget(a_declared(uid="first"))

    reporter.acted("install", a_declared(uid="second"), 1.0, success=True)

    labels = {"action": "install", "success": "true", **LABELS}
    assert registry.get_sample_value(ACTIONS, labels) == 1


def test_a_wait_for_workloads_is_measured_to_its_end() -> None:
    registry, clock = CollectorRegistry(), Clock()
    reporter, declared = a_reporter(registry, clock), a_declared()
    for name, seconds in (("applying", 5.0), ("waiting", 42.0), ("hooks", 3.0)):
        reporter.phase(declared, name)
        clock.now += seconds
    reporter.acted("install", declared, 50.0, success=True)

    assert registry.get_sample_value("helmward_release_wait_seconds_count") == 1
    assert registry.get_sample_value("helmward_release_wait_seconds_sum") == 42


def test_a_wait_that_ends_with_its_action_is_measured_too() -> None:
    """A timeout comes while waiting: no other phase follows."""
    registry, clock = CollectorRegistry(), Clock()
    reporter, declared = a_reporter(registry, clock), a_declared()
    reporter.phase(declared, "waiting")
    clock.now += 300
    reporter.acted("install", declared, 310.0, success=False)

    assert registry.get_sample_value("helmward_release_wait_seconds_sum") == 300
    assert registry.get_sample_value("helmward_release_phase", {**WHO, "phase": "waiting"}) is None


def test_turns_are_counted_by_how_they_end() -> None:
    registry = CollectorRegistry()
    reporter = a_reporter(registry)
    reporter.turned(Stage.READY)

    assert registry.get_sample_value("helmward_turns_total", {"outcome": "ready"}) == 1
