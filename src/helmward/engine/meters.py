"""What the engine costs, as metrics; asked for at each scrape, not in between.

`app` hands `refresh` to the web server. Knows no release.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from helmward.engine.client import Engine
from helmward.engine.options import Stats
from helmward.engine.supervise import EngineProcess
from helmward.errors import HelmwardError

PREFIX: Final = "helmward_engine"
PATIENCE: Final = timedelta(seconds=1)

Family = GaugeMetricFamily | CounterMetricFamily


class EngineMeters(Collector):
    """The engine's metrics: those of its process, and what it says of itself."""

    def __init__(self, engine: Engine, process: EngineProcess, registry: CollectorRegistry) -> None:
        self._engine = engine
        self._process = process
        self._stats: Stats | None = None
        registry.register(self)

    async def refresh(self) -> None:
        """Ask the engine; what does not answer soon is left out of the next scrape."""
        stats: Stats | None = None
        if self._process.ready.is_set():
            with suppress(HelmwardError):
                stats = await self._engine.stats(deadline=PATIENCE)
        self._stats = stats

    def collect(self) -> Iterator[Family]:
        """Tell whether a process runs and how many died, then what the living one said."""
        ready, starts = self._process.ready.is_set(), self._process.starts
        yield GaugeMetricFamily(f"{PREFIX}_up", "1 while the engine answers.", value=ready)
        words = "How often the engine was started again."
        yield CounterMetricFamily(f"{PREFIX}_restarts", words, value=max(starts - 1, 0))
        if self._stats is not None:
            yield from _said(self._stats)


def _said(stats: Stats) -> Iterator[Family]:
    """Tell what one process has said; its counters begin at nought when it does."""
    yield _versions(stats)
    gauges: dict[str, tuple[str, float]] = {
        "resident_memory_bytes": ("Its memory.", stats.rss_bytes),
        "goroutines": ("Its goroutines.", stats.goroutines),
        "charts_cached": ("Charts that it keeps.", stats.charts_cached),
        "releases_cached": ("Releases that it keeps decoded.", stats.releases_cached),
    }
    counters: dict[str, tuple[str, float]] = {
        "cpu_seconds": ("CPU time that it used.", stats.cpu_ms / 1000),
        "api_requests": ("Requests that it sent to the API server.", stats.api_requests),
        "index_requests": ("Indexes that it asked repositories for.", stats.index_requests),
        "chart_downloads": ("Charts that it downloaded.", stats.chart_downloads),
    }
    for name, (words, value) in gauges.items():
        yield GaugeMetricFamily(f"{PREFIX}_{name}", words, value=value)
    for name, (words, value) in counters.items():
        yield CounterMetricFamily(f"{PREFIX}_{name}", words, value=value)


def _versions(stats: Stats) -> GaugeMetricFamily:
    labels = ("helm_version", "kubernetes_version")
    info = GaugeMetricFamily(f"{PREFIX}_info", "Versions; always 1.", labels=labels)
    info.add_metric([stats.helm_version, stats.kubernetes_version], 1)
    return info
