"""Both paths side by side: an engine in one namespace, stock Helm in another."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helmward.engine import Engine, EngineProcess
from helmward.kube import Kube
from helmward.kube.resources import NAMESPACES, SERVICE_ACCOUNTS
from tests.differential.pair import Pair
from tests.differential.paths import BINARIES, Lean, Stock
from tests.differential.seen import leave_nothing
from tests.support.charts import ChartRepo
from tests.support.helm import Helm
from tests.support.plane import Plane
from tests.support.wait import until


@pytest.fixture(scope="session", autouse=True)
def _programs() -> None:
    for name in ("helm", "helm3"):
        assert (BINARIES / name).exists(), f"build it: python tools/gobuild.py {name}"


@pytest.fixture
async def process(plane: Plane) -> AsyncIterator[EngineProcess]:
    running = EngineProcess(kubeconfig=plane.kubeconfig)
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(20):
        await running.ready.wait()
    yield running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def pair(
    plane: Plane, kube: Kube, process: EngineProcess, tmp_path: Path
) -> AsyncIterator[Pair]:
    """Both paths, in namespaces whose names are equally long."""
    token = secrets.token_hex(4)
    spaces = (f"diff-{token}-lean", f"diff-{token}-helm")
    for name in spaces:
        await _space(kube, name)
    with ChartRepo(tmp_path / "charts") as repo:
        lean = Lean(Helm(Engine(process), process, repo, kube, spaces[0]))
        yield Pair(kube, lean, Stock(plane.kubeconfig, spaces[1], tmp_path / "stock"))
    await leave_nothing(kube, *spaces)


async def _space(kube: Kube, name: str) -> None:
    """Make a namespace that takes pods: one with its account."""
    await kube.create(NAMESPACES, {"metadata": {"name": name}})

    async def has_account() -> bool:
        found, _ = await kube.list(SERVICE_ACCOUNTS, name)
        return bool(found)

    await until(has_account)
