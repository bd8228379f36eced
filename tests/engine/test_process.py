"""The engine's process: quick to start, private, restarted, and gone with its parent."""

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helmward.engine import Engine, EngineProcess
from helmward.errors import ChartEvicted, ConfigInvalid, EngineLost
from helmward.settings import EngineSettings
from tests.support.helm import Helm, config_map
from tests.support.plane import Plane
from tests.support.processes import children, lives
from tests.support.wait import until


async def test_a_dead_engine_is_started_again(helm: Helm) -> None:
    before = await helm.engine.stats()
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await helm.another_process()
    after = await helm.engine.stats()
    assert after.instance != before.instance
    assert after.instance == helm.process.instance
    assert helm.process.starts == 2


async def test_a_call_waits_a_little_for_an_engine_that_starts(helm: Helm) -> None:
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await until(lambda: not helm.process.ready.is_set())
    assert (await helm.engine.stats()).instance


async def test_a_restarted_engine_says_that_it_lost_its_charts(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c")})
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await helm.another_process()
    with pytest.raises(ChartEvicted):
        await helm.install(chart)
    await helm.install(await helm.pull("app"))


async def test_a_cache_folder_keeps_charts_over_a_restart(
    helm: Helm, plane: Plane, tmp_path: Path
) -> None:
    """An archive whose bytes changed on disk is not used."""
    cache = tmp_path / "cache"
    cache.mkdir()
    process = EngineProcess(kubeconfig=plane.kubeconfig, settings=EngineSettings(cache=cache))
    task = asyncio.create_task(process.run())
    helm.process, helm.engine = process, Engine(process)
    chart = await helm.chart({"c.yaml": config_map("c")})
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    await helm.another_process()
    first = await helm.install(chart)
    os.kill(process.pid, signal.SIGKILL)
    await helm.another_process()
    (kept,) = (cache / "charts").glob("*.tgz")
    kept.write_bytes(b"changed")
    with pytest.raises(ChartEvicted):
        await helm.upgrade(first, chart)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files with a path as short as a socket needs."""
    folder = Path(tempfile.mkdtemp(prefix="hwt-"))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    folder.rmdir()


def modes(folder: Path) -> list[str]:
    """Read the modes of everything in a folder."""
    return [oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(folder.rglob("*"))]


async def test_the_socket_is_private_and_gone_afterwards(plane: Plane, scratch: Path) -> None:
    process = EngineProcess(kubeconfig=plane.kubeconfig)
    task = asyncio.create_task(process.run())
    await process.stub()
    assert modes(scratch) == ["0o700", "0o600"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert modes(scratch) == []


PARENT = """
import asyncio, sys
from helmward.engine import EngineProcess
async def main():
    process = EngineProcess(kubeconfig=sys.argv[1])
    task = asyncio.create_task(process.run())
    await process.ready.wait()
    print("ready", flush=True)
    await task
asyncio.run(main())
"""


async def test_the_engine_dies_with_its_parent(plane: Plane) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, plane.kubeconfig, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    assert await parent.stdout.readline() == b"ready\n"
    (engine,) = children(parent.pid, "engine")
    parent.kill()
    await parent.wait()
    await until(lambda: not lives(engine))


async def test_without_an_engine_calls_fail_soon() -> None:
    process = EngineProcess(binary=Path("/nonexistent"))
    with pytest.raises(ConfigInvalid, match="/nonexistent"):
        await process.run()
    with pytest.raises(EngineLost, match="not running"):
        await process.stub(0.01)


async def test_logs_are_handed_over_and_hold_no_values(
    helm: Helm, logs: list[dict[str, Any]]
) -> None:
    chart = await helm.chart({"c.yaml": config_map("c", v="{{ .Values.v }}")})
    await helm.install(chart, {"v": "planted"})
    await until(lambda: [line for line in logs if line.get("verb") == "install"])
    (line,) = [line for line in logs if line.get("verb") == "install"]
    assert line["outcome"] == "ok"
    assert line["id"].endswith(f"{helm.namespace}/web")
    assert "planted" not in str(logs)


async def test_an_idle_engine_has_asked_nothing(helm: Helm) -> None:
    """It answers before the cluster does, and needs no cluster to start."""
    stats = await helm.engine.stats()
    assert stats.api_requests == 0
    assert stats.helm_version.startswith("v4.")
