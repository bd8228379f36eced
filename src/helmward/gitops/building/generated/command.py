"""Runs one command in a shell: a cleared environment, a deadline, bounded output.

Called by `generate`, for repositories whose owner has switched it on. Whatever
the command starts ends with it.
"""

import asyncio
import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from helmward.errors import SourceRejected, SourceUnavailable
from helmward.git.outputs import last, whole
from helmward.gitops.building.generated.recipe import Command

MAX_OUTPUT: Final = 64 * 1024 * 1024
MAX_WORDS: Final = 2_000
_LINES: Final = 10
_LARGEST_FILE: Final = 512 * 1024 * 1024
_OPEN_FILES: Final = 1024

_PASSED_ON: Final = (
    *("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GNUPGHOME"),
    *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    *("no_proxy", "NO_PROXY", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
)
_FAMILIES: Final = ("SECRETS_", "CLOUDSDK_", "NSS_WRAPPER_")
"""What Flux v1 passed on, as beginnings of names."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where commands run."""

    folder: Path
    """The path's folder in a copy of the commit."""
    home: Path
    """Empty, and gone after that."""
    copy: Path
    """The whole copy."""


async def run(command: Command, place: Place, timeout: timedelta) -> bytes:  # noqa: ASYNC109 (a setting)
    """Return what a command prints. Late or cancelled, all that it started is killed.

    Raises:
        SourceRejected: it cannot be started, or prints too much.
        SourceUnavailable: it takes too long, or ends otherwise than well: what it reads
            besides git may be there later.
    """
    limit = command.timeout or timeout
    process = await _start(command, place)
    try:
        async with asyncio.timeout(limit.total_seconds()), asyncio.TaskGroup() as group:
            output = group.create_task(whole(process.stdout, MAX_OUTPUT))
            words = group.create_task(last(process.stderr, MAX_WORDS))
            group.create_task(process.wait())
    except TimeoutError:
        raise SourceUnavailable(
            f"{command.place}: the command took longer than {limit}: give it another timeout"
        ) from None
    finally:
        await _end(process)
    if process.returncode:
        raise SourceUnavailable(f"{command.place}: {_ending(process.returncode, words.result())}")
    if len(output.result()) > MAX_OUTPUT:
        raise SourceRejected(f"{command.place}: the command printed more than {MAX_OUTPUT} bytes")
    return output.result()


async def _start(command: Command, place: Place) -> asyncio.subprocess.Process:
    try:
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", command.text),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(place.home),
            cwd=place.folder,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise SourceRejected(f"{command.place}: the command cannot be started") from error
    _limit(process.pid)
    return process


def _environment(home: Path) -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_FAMILIES)
    }
    return passed | {"HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C"}


def _limit(pid: int) -> None:
    if not hasattr(resource, "prlimit"):
        return
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def _ending(code: int, words: bytes) -> str:
    said = words.decode(errors="replace").strip().splitlines()[-_LINES:]
    how = f"ended with {code}" if code > 0 else f"was killed ({signal.Signals(-code).name})"
    return f"the command {how}: {' | '.join(said) or 'without a word'}"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group, also what a command that ended well has left behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())
