"""A real engine on a real API server for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from helmward.engine import Engine, EngineProcess
from helmward.kube import Kube
from tests.support.charts import ChartRepo
from tests.support.drifting import Drifting
from tests.support.engines import Fetching, fetching
from tests.support.helm import Helm
from tests.support.kubectl import Kubectl
from tests.support.plane import Plane
from tests.support.registry import Registry, running_registry


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[ChartRepo]:
    with ChartRepo(tmp_path / "charts") as serving:
        yield serving


@pytest.fixture
def logs() -> list[dict[str, Any]]:
    return []


@pytest.fixture
async def process(plane: Plane, logs: list[dict[str, Any]]) -> AsyncIterator[EngineProcess]:
    running = EngineProcess(kubeconfig=plane.kubeconfig, on_log=logs.append, log_level="debug")
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(10):
        await running.ready.wait()
    yield running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def helm(
    process: EngineProcess,
    repo: ChartRepo,
    kube: Kube,
    namespace: str,
    logs: list[dict[str, Any]],
) -> Helm:
    return Helm(Engine(process), process, repo, kube, namespace, logs)


@pytest.fixture
def drifting(helm: Helm, plane: Plane, namespace: str) -> Drifting:
    return Drifting(helm, Kubectl(plane.kubeconfig, namespace))


@pytest.fixture
async def web() -> AsyncIterator[Fetching]:
    """An engine that knows no cluster; nothing of what tests plant is ever in its log."""
    async with fetching() as running:
        yield running
    assert "planted" not in str(running.logs)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with running_registry(tmp_path / "registry") as running:
        yield running
