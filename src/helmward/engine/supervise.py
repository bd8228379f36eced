"""The engine's process: started, watched, started again. Owned by `app`.

Knows nothing of calls. What a client gets is a stub of the process that runs
now; a call in flight when it dies ends with `EngineLost`.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc

from helmward.engine.pb.engine_pb2_grpc import EngineStub
from helmward.errors import ConfigInvalid, EngineLost
from helmward.settings import EngineSettings

OnLog = Callable[[dict[str, Any]], None]

DEFAULTS: Final = EngineSettings()
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 10.0
STEADY: Final = 30.0
"""After this many seconds up, the next pause is the first one again."""
STARTING: Final = 15.0
GRACE: Final = 20.0
"""Longer than the engine's own, in which it records running actions as failed."""
WAIT: Final = 5.0
"""Calls wait no longer than this for a process that is being started."""
LARGEST_MESSAGE: Final = 64 << 20
LONGEST_LINE: Final = 1 << 20
SERVING: Final = b"\x08\x01"
"""The health service's answer, status: SERVING, as it is on the wire."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to one process."""

    channel: grpc.aio.Channel
    stub: EngineStub


class EngineProcess:
    """Keeps one engine running while `run` does."""

    def __init__(  # noqa: PLR0913 (all optional)
        self,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        settings: EngineSettings = DEFAULTS,
        on_log: OnLog | None = None,
        binary: Path | None = None,
        log_level: str = "info",
    ) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._settings = settings
        self._on_log = on_log or (lambda _line: None)
        self._binary = binary or find_binary()
        self._log_level = log_level
        self._lane: Lane | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.ready = asyncio.Event()
        """Set while a process answers."""
        self.instance = ""
        """Names the process; changes with every start."""
        self.starts = 0
        """How often a process was started; more than 1 means that it died."""

    @property
    def pid(self) -> int | None:
        """The running process, if one runs."""
        return self._process.pid if self._process else None

    async def stub(self, within: float = WAIT) -> EngineStub:
        """Return a stub of the running process, waiting a little for it.

        Raises:
            EngineLost: there is none, and none came in time.
        """
        if self._lane is None:
            try:
                async with asyncio.timeout(min(within, WAIT)):
                    await self.ready.wait()
            except TimeoutError:
                raise EngineLost("the engine is not running") from None
        if self._lane is None:
            raise EngineLost("the engine is not running")
        return self._lane.stub

    async def run(self) -> None:
        """Keep a process running until cancelled, then stop it.

        Raises:
            ConfigInvalid: there is no engine to run.
        """
        if not os.access(self._binary, os.X_OK):
            raise ConfigInvalid(f"no engine at {self._binary}: build it (make build)")
        folder = Path(tempfile.mkdtemp(prefix="hw-"))
        try:
            await self._keep_running(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _keep_running(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while True:
            began = loop.time()
            code = await self._one_life(folder)
            if loop.time() - began > STEADY:
                pause = FIRST_PAUSE
            self._on_log({"level": "WARN", "msg": "the engine ended", "code": code})
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _one_life(self, folder: Path) -> int:
        """Start a process, wait until it ends, and return its exit code."""
        self.instance = f"engine-{secrets.token_hex(6)}"
        self.starts += 1
        path = folder / f"{self.starts}.sock"
        process = await asyncio.create_subprocess_exec(
            *self._command(path),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        self._process = process
        logs = asyncio.create_task(self._forward(process), name="engine-log")
        opening = asyncio.create_task(self._open(process, path), name="engine-ready")
        try:
            return await process.wait()
        finally:
            self.ready.clear()
            opening.cancel()
            await asyncio.shield(self._end(process, opening, logs))
            path.unlink(missing_ok=True)

    def _command(self, path: Path) -> Sequence[str]:
        command = [str(self._binary), "--socket", str(path), "--instance", self.instance]
        command += ["--die-with-parent", str(os.getpid()), "--log-level", self._log_level]
        if self._kubeconfig:
            command += ["--kubeconfig", self._kubeconfig]
        if self._context:
            command += ["--context", self._context]
        return command + self._of_settings()

    def _of_settings(self) -> list[str]:
        given = self._settings
        command = [
            *("--cache-size", str(given.cache_size)),
            *("--largest-index", str(given.largest_index)),
            *("--largest-chart", str(given.largest_chart)),
        ]
        if given.cache:
            command += ["--cache-dir", str(given.cache)]
        if given.plugins:
            command += ["--plugins", str(given.plugins)]
        if given.refuse_local:
            command += ["--refuse-local"]
        return command

    async def _open(self, process: asyncio.subprocess.Process, path: Path) -> None:
        """Make a channel and publish it once the engine says that it serves.

        A process that does not say so in time is killed: the next may do better.
        """
        options = [
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
            ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.min_reconnect_backoff_ms", 50),
            ("grpc.max_reconnect_backoff_ms", 500),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0),
        ]
        channel = grpc.aio.insecure_channel(f"unix:{path}", options=options)
        try:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            answer = await check(b"", timeout=STARTING, wait_for_ready=True)
        except grpc.aio.AioRpcError:
            answer = b""
        except asyncio.CancelledError:
            await channel.close()
            raise
        if answer != SERVING:
            await channel.close()
            _kill(process)
            return
        stub = EngineStub(channel)  # type: ignore[no-untyped-call]
        self._lane = Lane(channel, stub)
        self.ready.set()

    async def _end(
        self,
        process: asyncio.subprocess.Process,
        opening: asyncio.Task[None],
        logs: asyncio.Task[None],
    ) -> None:
        """Stop what is left of a life: the process first, then the way to it."""
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(GRACE):
                    await process.wait()
            except TimeoutError:
                _kill(process)
                await process.wait()
        await asyncio.gather(opening, logs, return_exceptions=True)
        lane, self._lane = self._lane, None
        self._process = None
        if lane:
            await lane.channel.close()

    async def _forward(self, process: asyncio.subprocess.Process) -> None:
        """Hand every line of the engine's log over."""
        assert process.stderr is not None  # noqa: S101 (we asked for a pipe)
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                continue
            if not line:
                return
            self._on_log(_parsed(line))


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _parsed(line: bytes) -> dict[str, Any]:
    """Read a line of the log; a stack trace of a crash is no JSON."""
    try:
        parsed = json.loads(line)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    return {"level": "ERROR", "msg": line.decode(errors="replace").rstrip()}


def find_binary() -> Path:
    """Find the engine: where the environment says, else inside the package."""
    if named := os.environ.get("HELMWARD_ENGINE"):
        return Path(named)
    return Path(__file__).resolve().parent.parent / "_bin" / "engine"
