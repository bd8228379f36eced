"""Reads what a program prints, of which nobody knows how much it is.

Used by `program`, and by who runs other programs on what git has.
"""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

_CHUNK: Final = 64 * 1024


async def whole(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """Read everything, keep one chunk more than allowed at most: who calls refuses it then."""
    content = bytearray()
    while stream and (chunk := await stream.read(_CHUNK)):
        if len(content) <= most:
            content += chunk
    return bytes(content)


async def last(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """Read everything, keep the end: there a program says what went wrong."""
    content = b""
    while stream and (chunk := await stream.read(_CHUNK)):
        content = (content + chunk)[-most:]
    return content


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a program that still runs, with all that it started, and wait for that."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
