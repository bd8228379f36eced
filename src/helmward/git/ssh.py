"""The command by which git speaks SSH: nothing is asked, no host is trusted on first sight."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FLUX_KEY: Final = Path("/etc/fluxd/ssh/identity")
"""Where Flux v1 keeps its deploy key; used if no other is named."""
PUBLISHED: Final = Path(__file__).parent / "known_hosts"
"""Host keys as the public git hosts publish them."""


def ssh_command(
    seconds: float,
    *,
    key: Path | None = None,
    known_hosts: Sequence[Path] = (),
    machine_too: bool = False,
    config: Path | None = None,
) -> str:
    """Return what `GIT_SSH_COMMAND` is set to.

    With `known_hosts` these files alone say which host keys count, besides
    those of the machine if these count too. Without, ssh looks where it always does.
    """
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no"]
    options.append(f"ConnectTimeout={max(1, round(seconds))}")
    if known_hosts:
        files = " ".join(f'"{file.absolute()}"' for file in known_hosts)
        options.append(f"UserKnownHostsFile={files}")
        if not machine_too:
            options.append("GlobalKnownHostsFile=/dev/null")
    words = ["ssh", "-F", str(config.absolute()) if config else "/dev/null"]
    for option in options:
        words += ["-o", option]
    if key is not None:
        words += ["-o", "IdentitiesOnly=yes", "-i", str(key)]
    return shlex.join(words)


def read_key(path: Path, said: str) -> bytes:
    """Return a private key as ssh insists on it: those from a Secret often lack the newline.

    Raises:
        OSError: it cannot be read; `said` names who named it.
    """
    try:
        return path.read_bytes().rstrip(b"\n") + b"\n"
    except OSError as error:
        raise OSError(error.errno, f"{said} {path}: {error.strerror}") from error


def write_private(path: Path, content: bytes) -> None:
    """Write a secret such that we alone can read it; nothing where there is none."""
    if content:
        path.touch(mode=0o600)
        path.write_bytes(content)
