"""`helmward operator` as a process: started, ready, asked for its metrics, stopped."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import aiohttp

from bench import meter
from bench.contestant import BenchFailed
from bench.results import Usage
from bench.world import World

LOOK: Final = 0.02
PATIENCE: Final = 120.0
TURNS: Final = re.compile(r"^helmward_turns_total\S* (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator and its engine while they run."""

    pid: int
    engine: int
    address: str
    ready_after: float
    """Seconds from the start of the process until /readyz said so."""
    started: float
    """When that was, by `perf_counter`."""

    @property
    def pids(self) -> Sequence[int]:
        """Both processes."""
        return (self.pid, self.engine)

    def usage(self) -> Usage:
        """Return what both have used."""
        pids = {"operator": self.pid, "engine": self.engine}
        return Usage(
            {part: meter.cpu(pid) for part, pid in pids.items()},
            {part: meter.peak(pid) for part, pid in pids.items()},
        )

    def resident(self) -> dict[str, float]:
        """Return the megabytes that each has resident now."""
        return {"operator": meter.rss(self.pid), "engine": meter.rss(self.engine)}

    async def turns(self) -> int:
        """Return how many turns of releases it has counted."""
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{self.address}/metrics") as answer,
        ):
            return sum(int(float(one)) for one in TURNS.findall(await answer.text()))


@asynccontextmanager
async def operator(
    world: World, *flags: str, program: Sequence[str] = ("-m", "helmward"), cache: str = "cache"
) -> AsyncIterator[Operator]:
    """Run the operator for the time of the block, with its defaults but for the flags.

    What a former run has fetched would flatter a new one: each world has a cache of its own.

    Raises:
        BenchFailed: it ended by itself; the message ends with its last words.
    """
    log, port = world.folder / "operator.log", _free_port()
    command = [sys.executable, *program, "operator", "--log-format", "json", *flags]
    command += ["--kubeconfig", str(world.plane.kubeconfig), "--listen", f"127.0.0.1:{port}"]
    command += ["--engine-cache", str(world.folder / cache)]
    started = perf_counter()
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(*command, stdout=said, stderr=said)
    try:
        async with _beside(_fail_if_ended(process, log)):
            address = f"http://127.0.0.1:{port}"
            await _ready(address)
            took = perf_counter() - started
            engine = meter.child(process.pid, "engine")
            yield Operator(process.pid, engine, address, took, started)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let some work run for the time of the block; if it fails, so does the block."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            yield
            task.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


async def _ready(address: str) -> None:
    """Wait until /readyz says so."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as client:
        while not await _says_ready(client, address):  # noqa: ASYNC110  # a page rings no bell
            await asyncio.sleep(LOOK)


async def _says_ready(client: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with client.get(f"{address}/readyz") as answer:
            return answer.ok
    except aiohttp.ClientConnectionError:
        return False


async def _fail_if_ended(process: asyncio.subprocess.Process, log: Path) -> None:
    code = await process.wait()
    raise BenchFailed("\n".join([f"the operator ended with code {code}:", *_last_words(log)]))


def _last_words(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-10:]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
