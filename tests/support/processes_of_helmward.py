"""The operator as users run it: a process of its own, all that it says kept."""

import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.plane import Plane
from tests.support.wait import until

HELMWARD = Path(sys.executable).with_name("helmward")


@dataclass(frozen=True, slots=True)
class OperatorProcess:
    """One running operator."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def url(self) -> str:
        """Where its metrics are."""
        return f"http://127.0.0.1:{self._port()}"

    def said(self) -> str:
        """Return everything that it has said so far, on either stream."""
        return self.log.read_text()

    def is_ready(self) -> bool:
        """Tell whether it has said so."""
        return bool(self._port())

    def _port(self) -> str:
        found = re.search(r'"port": ?(\d+)', self.said())
        return found[1] if found else ""


@asynccontextmanager
async def operator_process(plane: Plane, *flags: str) -> AsyncIterator[OperatorProcess]:
    """Run it until the block ends, and end it as SIGTERM does."""
    with tempfile.NamedTemporaryFile(prefix="operator-", suffix=".log") as log:
        process = await asyncio.create_subprocess_exec(
            str(HELMWARD),
            "operator",
            f"--kubeconfig={plane.kubeconfig}",
            "--listen=127.0.0.1:0",
            "--log-format=json",
            *flags,
            stderr=log.fileno(),
            stdout=log.fileno(),
        )
        running = OperatorProcess(process, Path(log.name))
        try:
            await until(running.is_ready, within=30)
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
