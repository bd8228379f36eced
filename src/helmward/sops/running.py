"""Runs the program `decrypt` once: a cleared environment, a deadline, bounded output.

Called by `decrypter`. The keys go in on standard input, never into arguments
or the environment.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from helmward.errors import ConfigInvalid

TIMEOUT: Final = 30.0
"""Seconds; a document takes some tens of milliseconds."""
MAX_OUTPUT: Final = 64 * 1024 * 1024


class DecryptFailed(Exception):
    """The document cannot be opened; the message quotes nothing of it."""


class Keys(msgspec.Struct, frozen=True):
    """What may open a document."""

    age: tuple[bytes, ...] = ()
    """Lines of age identities."""
    pgp: tuple[bytes, ...] = ()
    """OpenPGP private keys without passphrase, armoured or binary."""


class Request(msgspec.Struct, frozen=True):
    """What the program reads; bytes are base64."""

    document: bytes
    form: str
    keys: Keys


class Answer(msgspec.Struct, frozen=True):
    """What it says."""

    document: bytes | None = None
    problem: str = ""


_answer = msgspec.json.Decoder(Answer)


async def run(request: Request) -> bytes:
    """Return the plain document. Cancelled or late, the program is killed.

    Raises:
        DecryptFailed: none of the keys fits, or it was changed, or takes too long.
        ConfigInvalid: the program is not there.
    """
    process = await _start()
    try:
        async with asyncio.timeout(TIMEOUT):
            output, words = await process.communicate(msgspec.json.encode(request))
    except TimeoutError:
        raise DecryptFailed(f"the encrypted document was not opened in {TIMEOUT:g} s") from None
    finally:
        await _end(process)
    if process.returncode or len(output) > MAX_OUTPUT:
        raise DecryptFailed(f"the program decrypt failed: {words.decode(errors='replace')[:200]}")
    answer = _answer.decode(output)
    if answer.problem:
        raise DecryptFailed(answer.problem)
    return answer.document or b""


async def _start() -> asyncio.subprocess.Process:
    binary = find_binary()
    try:
        return await asyncio.create_subprocess_exec(
            str(binary),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigInvalid(
            f"no program at {binary}: build it (python tools/gobuild.py decrypt)"
        ) from error


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def find_binary() -> Path:
    """Find the program: where the environment says, else inside the package."""
    if named := os.environ.get("HELMWARD_DECRYPT"):
        return Path(named)
    return Path(__file__).resolve().parent.parent / "_bin" / "decrypt"
