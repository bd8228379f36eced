"""The engine's metrics, from a real process."""

import os
import signal

from prometheus_client import CollectorRegistry

from helmward.engine import EngineMeters
from tests.support.helm import Helm, config_map
from tests.support.wait import until


async def test_a_scrape_tells_what_the_engine_costs(helm: Helm) -> None:
    registry = CollectorRegistry()
    meters = EngineMeters(helm.engine, helm.process, registry)
    await helm.install(await helm.chart({"c.yaml": config_map("c")}))

    await meters.refresh()

    value = registry.get_sample_value
    assert value("helmward_engine_up") == 1
    assert value("helmward_engine_restarts_total") == 0
    assert (value("helmward_engine_resident_memory_bytes") or 0) > 10 << 20
    assert (value("helmward_engine_api_requests_total") or 0) > 0
    assert (value("helmward_engine_chart_downloads_total") or 0) >= 1
    assert (value("helmward_engine_cpu_seconds_total") or 0) > 0
    assert (value("helmward_engine_goroutines") or 0) > 1
    assert (value("helmward_engine_charts_cached") or 0) >= 1


async def test_an_engine_that_died_is_counted_and_says_nothing(helm: Helm) -> None:
    """Numbers of a process that is no more would look alive."""
    registry = CollectorRegistry()
    meters = EngineMeters(helm.engine, helm.process, registry)
    await meters.refresh()
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await until(lambda: not helm.process.ready.is_set())

    await meters.refresh()

    assert registry.get_sample_value("helmward_engine_up") == 0
    assert registry.get_sample_value("helmward_engine_resident_memory_bytes") is None

    await helm.another_process()
    await meters.refresh()

    assert registry.get_sample_value("helmward_engine_up") == 1
    assert registry.get_sample_value("helmward_engine_restarts_total") == 1
