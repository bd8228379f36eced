"""Makes SSH keys, and tells the public part of one, by the program `ssh-keygen`.

Used by `gitops.deploykey`. A private key lies in a folder of ours for as long
as that takes; it stands on no command line.
"""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from helmward.errors import ConfigInvalid
from helmward.git.ssh import write_private

DEFAULT: Final = "ed25519"
LONGEST: Final = 120.0
"""Seconds: a very long RSA key takes its time."""

_WORDS: Final = 300


async def new_key(kind: str | None = None, bits: int | None = None) -> bytes:
    """Make a private key without a passphrase.

    Raises:
        ConfigInvalid: there is no such kind or length of keys, or no ssh-keygen.
    """
    size = ("-b", str(bits)) if bits else ()
    with TemporaryDirectory(prefix="helmward-key-") as folder:
        file = Path(folder) / "identity"
        asked = ("-q", "-t", kind or DEFAULT, *size, "-N", "", "-C", "", "-f", str(file))
        await _run("--ssh-keygen-type, --ssh-keygen-bits", *asked)
        return file.read_bytes()


async def public_key(private: bytes) -> str:
    """Return what a git host is told: kind and key.

    Raises:
        ConfigInvalid: that is no private key, it has a passphrase, or there is no ssh-keygen.
    """
    with TemporaryDirectory(prefix="helmward-key-") as folder:
        file = Path(folder) / "identity"
        write_private(file, private.rstrip(b"\n") + b"\n")
        said = await _run("the deploy key", "-y", "-P", "", "-f", str(file))
    return " ".join(said.split()[:2])


async def _run(about: str, *args: str) -> str:
    """Run ssh-keygen and return what it prints; it asks nobody, and ends with us."""
    process = await _start(args)
    try:
        async with asyncio.timeout(LONGEST):
            output, words = await process.communicate()
    except TimeoutError as error:
        raise ConfigInvalid(f"{about}: ssh-keygen took longer than {LONGEST:g} s") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if process.returncode:
        last = words.decode(errors="replace").strip().rpartition("\n")[2][:_WORDS]
        raise ConfigInvalid(f"{about}: ssh-keygen says: {last}")
    return output.decode(errors="replace")


async def _start(args: tuple[str, ...]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            "ssh-keygen",
            *args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise ConfigInvalid(
            "SSH keys need the program ssh-keygen (openssh-client); or give --git-ssh-key"
        ) from error
