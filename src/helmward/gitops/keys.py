"""Reads the keys that signatures are made and checked with, from files and folders.

Called by `verify` and `marker`, each time anew: a Secret that is mounted changes.
"""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from helmward.errors import TransientError

LARGEST: Final = 1 << 20
"""Bytes of one file."""
MOST: Final = 1000
"""Files, folders taken apart."""


async def read_keys(paths: Iterable[Path], said: str) -> list[bytes]:
    """Return what the files hold; `said` is the flag that names them.

    Of a folder every file counts, but none of its folders and nothing whose
    name begins with a dot.

    Raises:
        TransientError: a file is not there (yet), or is too large.
    """
    return await asyncio.to_thread(_read_keys, tuple(paths), said)


def _read_keys(paths: tuple[Path, ...], said: str) -> list[bytes]:
    found = []
    for number, path in enumerate(_files(paths, said)):
        if number == MOST:
            raise TransientError(f"{said}: there are more than {MOST} files with keys")
        found.append(_read(path, said))
    return found


def _files(paths: tuple[Path, ...], said: str) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        try:
            inside = sorted(path.iterdir())
        except OSError as error:
            raise TransientError(f"{said} {path}: {error.strerror}") from error
        # A volume keeps what it shows in folders with two dots before their names.
        yield from (one for one in inside if one.is_file() and not one.name.startswith("."))


def _read(path: Path, said: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise TransientError(f"{said} {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise TransientError(f"{said} {path}: more than {LARGEST} bytes: that is no key")
    return content
