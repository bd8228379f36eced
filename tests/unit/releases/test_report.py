"""Metrics of a HelmRelease: there while it is, gone with it."""

from typing import Any

from prometheus_client import CollectorRegistry

from helmward.apis import V1BETA1
from helmward.model import Condition, Told
from helmward.releases.report import Meters, Reporter
from tests.support.builders import a_declared

NAME = "flux_helm_operator_release_condition_info"
LABELS = {"target_namespace": "shop", "release_name": "shop-cart", "condition": "Ready"}


def test_a_resource_that_is_gone_leaves_no_series() -> None:
    """Else each release that ever was is scraped for ever."""
    registry = CollectorRegistry()
    nobody: Any = None
    reporter = Reporter(nobody, V1BETA1, nobody, Meters(registry, lambda: 0.0))
    told = Told(conditions=(Condition("Ready", "True", "InSync", "in sync"),))
    reporter._measure(a_declared(), told)
    assert registry.get_sample_value(NAME, LABELS) == 1

    reporter.forget(a_declared(told=told))
    reporter.forget(a_declared(told=told))

    assert registry.get_sample_value(NAME, LABELS) is None
