"""A real Kubernetes control plane as a child process, for the demo, tests and benchmarks.

Called by `helmward.demo`, tests and bench. Knows the program `devplane` (see the
folder of that name) and nothing of Helmward; nothing of the operator needs it.
"""

import asyncio
import json
import os
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple, NoReturn, TextIO
from urllib.parse import urlsplit

BINARY = Path(__file__).parent / "_bin" / "devplane"
STARTS_WITHIN = 120.0  # seconds; 3 on an idle machine
ANSWERS_WITHIN = 60.0
STOPS_WITHIN = 15.0
POLLS_EVERY = 0.02


class DevplaneFailed(Exception):
    """The control plane did not start, or one of its parts died; says which, with its log."""


class Ready(NamedTuple):
    """What the program says of itself once all is ready."""

    kubeconfig: Path
    server: str
    version: str
    seconds: float


class Plane:
    """One running control plane."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process, ready: Ready) -> None:
        self.folder = folder
        self.kubeconfig = ready.kubeconfig
        self.server = ready.server
        self.version = ready.version
        self.seconds = ready.seconds
        self._process = process

    @property
    def pid(self) -> int:
        """The process that owns all others of the plane."""
        return self._process.pid

    async def watch(self) -> NoReturn:
        """Wait until the plane ends, which nobody asked for.

        Raises:
            DevplaneFailed: it ended.
        """
        code = await self._process.wait()
        raise _failure(self.folder, f"it ended early, with code {code}")

    async def stop(self) -> None:
        """Stop the plane and return when no process of it is left.

        Raises:
            DevplaneFailed: it had ended before, by itself.
        """
        code = await _end(self._process)
        if code != 0:
            raise _failure(self.folder, f"it ended early, with code {code}")

    async def stop_api_server(self) -> None:
        """Take the API server away, as a crash would; everything else stays.

        Raises:
            DevplaneFailed: it still answers.
        """
        self._process.send_signal(signal.SIGUSR1)
        await self._until(self._refuses, "the API server to stop")

    async def start_api_server(self) -> None:
        """Bring the API server back on the same port and wait until it is ready.

        Raises:
            DevplaneFailed: it does not become ready.
        """
        self._process.send_signal(signal.SIGUSR2)
        await self._until(self._serves, "the API server to become ready")

    async def _until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                while not await holds():
                    await self._pause()
        except TimeoutError:
            raise _failure(self.folder, f"waited {ANSWERS_WITHIN:.0f} s for {what}") from None

    async def _pause(self) -> None:
        """Wait a moment, unless the plane is gone: then there is nothing to wait for."""
        if self._process.returncode is not None:
            raise _failure(self.folder, f"it ended with code {self._process.returncode}")
        await asyncio.sleep(POLLS_EVERY)

    async def _refuses(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(*_address(self.server))
        except OSError:
            return True
        writer.close()
        return False

    async def _serves(self) -> bool:
        """Ask the API server whether it is ready, with plain HTTP over TLS."""
        trust = ssl.create_default_context(cafile=self.folder / "pki" / "ca.crt")
        try:
            reader, writer = await asyncio.open_connection(*_address(self.server), ssl=trust)
        except OSError:
            return False
        try:
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: plane\r\nConnection: close\r\n\r\n")
            status = await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()
        return status.split()[1:2] == [b"200"]


@asynccontextmanager
async def running_plane(
    folder: Path, *, port: int = 0, unsafe_no_fsync: bool = False, audit_log: Path | None = None
) -> AsyncIterator[Plane]:
    """Run a control plane in `folder` for the time of the block.

    A folder of an earlier run goes on with its data, and with port 0 at its
    earlier port if that is free. The plane dies with this process, however that
    ends. The environment variable HELMWARD_DEVPLANE names another program. With
    `audit_log` the API server writes a line of JSON there for every request of a
    client, when it has been answered.

    Raises:
        DevplaneFailed: it did not start, or ended before the block did.
    """
    plane = await start_plane(
        folder, port=port, unsafe_no_fsync=unsafe_no_fsync, audit_log=audit_log
    )
    try:
        yield plane
    finally:
        await plane.stop()


async def start_plane(
    folder: Path, *, port: int = 0, unsafe_no_fsync: bool = False, audit_log: Path | None = None
) -> Plane:
    """Start a control plane and wait until it is ready; the caller must `stop` it.

    Raises:
        DevplaneFailed: it did not start.
    """
    folder = _prepared(folder)
    command = [_binary(), "up", "--die-with-parent", f"--dir={folder}", f"--port={port}"]
    if unsafe_no_fsync:
        command.append("--unsafe-no-fsync")
    if audit_log:
        command.append(f"--audit-log={audit_log}")
    with _words(folder).open("w") as words:
        process = await _spawn(command, words)
    try:
        ready = await _ready(folder, process)
    except BaseException:
        await _end(process)
        raise
    return Plane(folder, process, ready)


def _prepared(folder: Path) -> Path:
    """Make room for logs, for its owner alone."""
    folder = folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "logs").mkdir(mode=0o700, exist_ok=True)
    return folder


def _binary() -> str:
    return os.environ.get("HELMWARD_DEVPLANE") or str(BINARY)


def _words(folder: Path) -> Path:
    """Where the program's own words go; those of the components are beside it."""
    return folder / "logs" / "up.log"


async def _spawn(command: list[str], words: TextIO) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=words,
            # Ctrl-C is for us: we may still need the plane while we finish.
            start_new_session=True,
        )
    except OSError as error:
        raise DevplaneFailed(
            f"cannot run {command[0]}: {error.strerror or error} (`make setup` builds it)"
        ) from error


async def _ready(folder: Path, process: asyncio.subprocess.Process) -> Ready:
    assert process.stdout is not None  # noqa: S101 - we asked for a pipe
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            line = await process.stdout.readline()
            if not line:
                code = await process.wait()
                raise _failure(folder, f"it did not start (code {code})")
    except TimeoutError:
        raise _failure(folder, f"not ready after {STARTS_WITHIN:.0f} s") from None
    said = json.loads(line)
    return Ready(Path(said["kubeconfig"]), said["server"], said["version"], said["seconds"])


async def _end(process: asyncio.subprocess.Process) -> int:
    """End the program and return its code; 0 too if it had to be forced.

    Its children cannot outlive it.
    """
    try:
        with suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(STOPS_WITHIN):
            return await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 0


def _failure(folder: Path, what: str) -> DevplaneFailed:
    said = _words(folder).read_text(errors="replace").strip()
    return DevplaneFailed(f"control plane in {folder}: {what}\n{said}".rstrip())


def _address(server: str) -> tuple[str, int]:
    parts = urlsplit(server)
    return parts.hostname or "127.0.0.1", parts.port or 443
