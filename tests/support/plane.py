"""A control plane for tests that belongs to no event loop."""

import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.wait import until


@dataclass(frozen=True, slots=True)
class Plane:
    """One running control plane."""

    kubeconfig: str
    server: str
    process: subprocess.Popen[str]

    @property
    def address(self) -> tuple[str, int]:
        """Where the API server listens."""
        parts = urlsplit(self.server)
        return parts.hostname or "", parts.port or 443

    async def stop_api_server(self) -> None:
        """Stop the API server alone; storage stays."""
        self.process.send_signal(signal.SIGUSR1)
        await until(self._closed, within=30)

    async def start_api_server(self) -> None:
        """Start it again on the same port."""
        self.process.send_signal(signal.SIGUSR2)
        await until(self._open, within=60)

    async def _open(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(*self.address)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def _closed(self) -> bool:
        return not await self._open()


@contextmanager
def running_plane() -> Iterator[Plane]:
    """Run a plane in a folder of its own."""
    binary = str(files("helmward") / "_bin" / "devplane")
    folder = Path(tempfile.mkdtemp(prefix="plane-"))
    command = [binary, "up", "--dir", str(folder), "--unsafe-no-fsync", "--die-with-parent"]
    with (folder / "stderr").open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "stderr").read_text()
        ready = json.loads(line)
        yield Plane(ready["kubeconfig"], ready["server"], process)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)
