"""The folder that what was fetched is kept in, from one life of the operator to the next."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

LOCK: Final = "in-use"
"""Locked while an operator uses the folder; the system opens it when that one ends."""

log = structlog.get_logger("helmward.charts")


@contextmanager
def kept(folder: Path | None) -> Iterator[Path | None]:
    """Have a folder for us alone; None, with a warning, where it cannot be had.

    None stands for a private temporary one: what is kept there is fetched
    again after a restart, and nothing else is lost.
    """
    if folder is None:
        yield None
        return
    lock, why = _lock(folder)
    if why:
        log.warning(
            "--engine-cache cannot be used: what is fetched is kept until the operator ends, "
            "and serves nothing after a restart while its source is down",
            folder=str(folder),
            why=why,
        )
    try:
        yield None if why else folder
    finally:
        if lock is not None:
            os.close(lock)


def _lock(folder: Path) -> tuple[int | None, str]:
    """Make the folder and take its lock; say why that cannot be done."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        return None, error.strerror or str(error)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return file, "another operator on this machine uses it"
    return file, ""
