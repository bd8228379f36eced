"""Operators as processes of their own, to be stopped, woken and killed."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.plane import Plane
from tests.support.processes import children, lives
from tests.support.wait import until

HELMWARD: Final = Path(sys.executable).with_name("helmward")
LEASE: Final = 3.0
"""Seconds after its last sign of life in which an operator counts as gone."""


@dataclass(frozen=True, slots=True)
class OperatorProcess:
    """One operator with its engine, in a process group of their own."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        """The operator itself; the group has the same number."""
        return self.process.pid

    @property
    def engines(self) -> list[int]:
        """The engine, while one runs."""
        return [one for one in children(self.pid, "engine") if lives(one)]

    @property
    def url(self) -> str:
        """Where its metrics are, once it is ready."""
        return f"http://127.0.0.1:{self.lines('ready')[-1]['port']}"

    def said(self) -> str:
        """Return everything that it has said so far, on either stream."""
        return self.log.read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of its log that tell of an event."""
        found = []
        for line in self.log.read_text().splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == event:
                    found.append(entry)
        return found

    @property
    def sessions(self) -> list[str]:
        """Every session that it has begun, the present one last."""
        return [line["lease"] for line in self.lines("session begun")]

    def stop(self) -> None:
        """Stop operator and engine where they are."""
        os.killpg(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let both go on."""
        os.killpg(self.pid, signal.SIGCONT)

    async def another_session(self, than: str, within: float = 30.0) -> str:
        """Wait until it has begun a session after the one given; return that."""

        def begun() -> str:
            last = self.sessions[-1:]
            return last[0] if last and last[0] != than else ""

        return str(await until(begun, within=within, every=0.1))

    def kill_engine(self) -> bool:
        """Kill the engine alone, if one runs."""
        engines = self.engines
        for one in engines:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        return bool(engines)

    async def kill(self) -> None:
        """Kill the operator; its engine goes with it."""
        engines = self.engines
        self.process.kill()
        await self.process.wait()
        await until(lambda: not any(lives(one) for one in engines))


async def start_operator(plane: Plane, namespace: str, log: Path, *flags: str) -> OperatorProcess:
    """Start an operator for one namespace whose Leases are short; do not wait for it."""
    with log.open("ab") as words:
        process = await asyncio.create_subprocess_exec(
            str(HELMWARD),
            "operator",
            f"--kubeconfig={plane.kubeconfig}",
            f"--allow-namespace={namespace}",
            "--session-namespace=default",
            f"--lease-duration={LEASE:g}s",
            "--listen=127.0.0.1:0",
            "--log-format=json",
            *flags,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    return OperatorProcess(process, log)


async def end_operator(operator: OperatorProcess) -> None:
    """End an operator as SIGTERM does, also one that is stopped."""
    if operator.process.returncode is not None:
        return
    operator.wake()
    operator.process.terminate()
    try:
        async with asyncio.timeout(30):
            await operator.process.wait()
    except TimeoutError:
        await operator.kill()
        raise AssertionError("the operator did not stop within 30 s") from None


@asynccontextmanager
async def operator_for(
    plane: Plane, namespace: str, log: Path, *flags: str
) -> AsyncIterator[OperatorProcess]:
    """Run an operator until the block ends."""
    operator = await start_operator(plane, namespace, log, *flags)
    try:
        await until(lambda: operator.sessions, within=40, every=0.1)
        yield operator
    finally:
        await end_operator(operator)
