"""Dashboard, monitor and page speak of metrics that there are."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.parser import text_string_to_metric_families

from helmward.engine import EngineMeters, EngineProcess, Stats
from helmward.gitops.meters import GitMeters
from helmward.releases.awake.meters import WatchMeters
from helmward.releases.meters import Meters

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "dashboards" / "helmward.json"
MONITOR = ROOT / "deploy" / "monitoring" / "servicemonitor.yaml"
PAGES = (ROOT / "docs" / "howto" / "monitor.md", ROOT / "docs" / "migration.md")
NAME = re.compile(r"\b(?:helmward|flux_helm_operator|flux_daemon_sync|process)_[a-z_]+\b")
PARTS = ("_bucket", "_sum", "_count", "_total")


@pytest.fixture(scope="module")
def exported() -> set[str]:
    """Every name that a scrape may hold, suffixes and all."""
    registry = CollectorRegistry()
    Meters(registry, lambda: 0.0)
    GitMeters(registry)
    WatchMeters(registry, lambda: 0.0)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    nobody: Any = None
    engine = EngineMeters(nobody, EngineProcess(binary=Path("none")), registry)
    values: dict[str, Any] = dict.fromkeys((one.name for one in fields(Stats)), 0)
    engine._stats = Stats(**values | {"helm_version": "v", "kubernetes_version": "v"})
    return set(_names(generate_latest(registry).decode()))


def _names(text: str) -> Iterator[str]:
    for family in text_string_to_metric_families(text):
        if family.name.endswith("_created"):
            continue
        if family.type == "counter":
            yield f"{family.name}_total"
            continue
        yield family.name
        if family.type == "histogram":
            yield from (f"{family.name}{part}" for part in PARTS[:3])


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return document


def expressions(dashboard: dict[str, Any]) -> list[str]:
    found = [query["expr"] for panel in dashboard["panels"] for query in panel.get("targets", ())]
    chosen = [one["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    return found + [one["query"] for one in chosen]


def test_the_dashboard_asks_for_nothing_that_is_not_exported(
    dashboard: dict[str, Any], exported: set[str]
) -> None:
    asked = {name for text in expressions(dashboard) for name in NAME.findall(text)}

    assert len(asked) > 20
    assert asked - exported == set()


def test_the_dashboard_shows_every_metric_of_ours(
    dashboard: dict[str, Any], exported: set[str]
) -> None:
    """A metric that no panel shows is one that nobody looks at."""
    asked = {name for text in expressions(dashboard) for name in NAME.findall(text)}
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    ours = {name for name in exported if name.startswith("helmward_")}

    whole = {re.sub("_(bucket|sum|count)$", "", name) for name in ours}
    assert whole - shown == {"helmward_engine_info"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_metric_that_is_not_exported(page: Path, exported: set[str]) -> None:
    named = set(NAME.findall(page.read_text())) - {"flux_helm_operator_"}

    assert named
    assert {name for name in named if name not in exported} == set()


def test_the_page_names_every_metric_of_ours(exported: set[str]) -> None:
    text = PAGES[0].read_text()
    ours = {re.sub("_(bucket|sum|count)$", "", one) for one in exported if one[:9] == "helmward_"}

    assert {name for name in ours if f"`{name}`" not in text} == set()


def test_the_migration_page_names_every_metric_of_the_old_operator(exported: set[str]) -> None:
    text = PAGES[1].read_text()
    prefix = "flux_helm_operator_"
    old = {name for name in exported if name.startswith(prefix) and not name.endswith(PARTS[:2])}
    whole = {name for name in old if not name.endswith("seconds_count")}

    assert len(whole) == 6
    assert {name for name in whole if f"`{name}`" not in text} == set()


def test_the_page_names_every_metric_of_flux_s_daemon(exported: set[str]) -> None:
    """Those that are kept, and those without a meaning any more."""
    text = PAGES[0].read_text()
    kept = {one for one in exported if one.startswith(("flux_daemon_", "flux_git_"))}
    kept = {name for name in kept if not name.endswith(PARTS)}

    assert kept == {
        "flux_daemon_sync_duration_seconds",
        "flux_daemon_sync_manifests",
        "flux_git_ready",
    }
    for name in (*kept, "flux_daemon_queue_length_count", "flux_daemon_queue_duration_seconds"):
        assert f"`{name}`" in text, name


def test_panels_have_places_of_their_own(dashboard: dict[str, Any]) -> None:
    """Grafana moves panels that overlap, and shows one of two with the same id."""
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_dashboard_is_bound_to_no_data_source(dashboard: dict[str, Any]) -> None:
    """Whoever imports it chooses; an id of ours would find nothing there."""
    for panel in dashboard["panels"]:
        for part in (panel, *panel.get("targets", ())):
            assert part.get("datasource", {}).get("uid", "${datasource}") == "${datasource}"


def test_the_monitor_finds_its_service() -> None:
    service, monitor = yaml.safe_load_all(MONITOR.read_text())

    labels = service["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (endpoint,) = monitor["spec"]["endpoints"]
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert ports[endpoint["port"]] == 3030
    assert endpoint["path"] == "/metrics"
    assert endpoint["honorLabels"], "else Prometheus renames the label `namespace`"
