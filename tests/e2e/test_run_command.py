"""`helmward run` as a Deployment would start it: signals, exit codes, its port."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from helmward.kube import Kube
from tests.support.operator import Releases, install_crds
from tests.support.plane import Plane
from tests.support.processes import children, lives

HELMWARD = Path(sys.executable).parent / "helmward"


@dataclass
class Running:
    """One `helmward`, and the events that it has logged."""

    process: asyncio.subprocess.Process
    events: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    async def until_logged(self, event: str) -> dict[str, Any]:
        """Read on until the event is logged, and return it."""
        async for found in self._read():
            if found.get("event") == event:
                return found
        raise AssertionError(f"never logged {event!r}:\n" + "\n".join(self.words))

    async def end(self) -> int:
        """Read to the end and return the exit code."""
        async for _ in self._read():
            pass
        return await self.process.wait()

    async def _read(self) -> AsyncIterator[dict[str, Any]]:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.words.append(line.decode().rstrip())
            if line.startswith(b"{"):
                self.events.append(json.loads(line))
                yield self.events[-1]


@asynccontextmanager
async def helmward(*words: str | Path, **env: str) -> AsyncIterator[Running]:
    """Start it with no terminal, and see that it ends."""
    process = await asyncio.create_subprocess_exec(
        HELMWARD, *words, stderr=asyncio.subprocess.PIPE, env=os.environ | env
    )
    try:
        async with asyncio.timeout(60):
            yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def fetch(port: int, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_it_serves_its_port_and_ends_cleanly_on_sigterm(plane: Plane, kube: Kube) -> None:
    await install_crds(kube)
    async with helmward(
        *("run", "--kubeconfig", plane.kubeconfig), HELMWARD_LISTEN="127.0.0.1:0"
    ) as running:
        port = (await running.until_logged("ready"))["port"]
        ready, healthy = await fetch(port, "/readyz"), await fetch(port, "/healthz")
        _, metrics = await fetch(port, "/metrics")
        engines = children(running.process.pid)
        running.process.send_signal(signal.SIGTERM)

        assert await running.end() == 0, running.words
        assert ready == healthy == (200, "OK")
        assert "process_resident_memory_bytes" in metrics
        assert any("no --git-url" in event["event"] for event in running.events)
        assert all({"ts", "level", "event"} <= event.keys() for event in running.events)
        assert engines
        assert not [pid for pid in engines if lives(pid)]


async def test_the_cluster_of_the_environment_is_the_engines_too(
    plane: Plane, releases: Releases
) -> None:
    """$KUBECONFIG, as the README has it."""
    async with helmward("operator", "--listen=127.0.0.1:0", KUBECONFIG=plane.kubeconfig) as running:
        await running.until_logged("ready")
        await releases.apply("web")
        await releases.ready("web")
        await releases.delete("web")
        await releases.gone("web")
        running.process.send_signal(signal.SIGTERM)

        assert await running.end() == 0, running.words


async def test_another_address_of_the_cluster_is_the_engines_too(
    plane: Plane, releases: Releases, tmp_path: Path
) -> None:
    """--master goes before the kubeconfig; old Deployments have both."""
    elsewhere = pointing_nowhere(plane.kubeconfig, tmp_path)
    async with helmward(
        *("operator", "--listen=127.0.0.1:0", f"--kubeconfig={elsewhere}"),
        *(f"--master={plane.server}", "--tiller-namespace=kube-system"),
    ) as running:
        await running.until_logged("--tiller-namespace has no effect: there is no Tiller")
        await running.until_logged("ready")
        await releases.apply("web")
        await releases.ready("web")
        await releases.delete("web")
        await releases.gone("web")
        running.process.send_signal(signal.SIGTERM)

        assert await running.end() == 0, running.words


async def test_a_cluster_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """It is alive, which keeps it from being restarted, but not ready."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        server = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kubeconfig = a_kubeconfig(tmp_path, server)

    async with helmward(
        *("run", "--kubeconfig", kubeconfig, "--listen", f"127.0.0.1:{port}")
    ) as running:
        await running.until_logged("watch failed")
        await running.until_logged("listening")  # the engine
        status, text = await fetch(port, "/readyz")
        running.process.send_signal(signal.SIGTERM)

        assert await running.end() == 0, running.words
        assert status == 503
        assert "informers" in text


def pointing_nowhere(kubeconfig: str, folder: Path) -> Path:
    """The same credentials for an address where nobody listens."""
    document = yaml.safe_load(Path(kubeconfig).read_text())
    for cluster in document["clusters"]:
        cluster["cluster"]["server"] = "https://127.0.0.1:1"
    path = folder / "elsewhere"
    path.write_text(yaml.safe_dump(document))
    return path


def a_kubeconfig(folder: Path, server: str) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": server}}],
        "users": [{"name": "it", "user": {"token": "x"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


async def test_a_port_in_use_names_the_flag(plane: Plane) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        async with helmward(
            *("operator", "--kubeconfig", plane.kubeconfig, "--listen", listen)
        ) as running:
            assert await running.end() == 2

    assert f"Error: --listen {listen}: the address is already in use" in running.words[-1]
    assert not any("Traceback" in line for line in running.words)


async def test_a_broken_kubeconfig_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("clusters: [")
    async with helmward("run", "--kubeconfig", path) as running:
        assert await running.end() == 2

    complaint = [line for line in running.words if not line.startswith("{")]
    assert len(complaint) == 1
    assert str(path) in complaint[0]
