"""What is known of one git repository from one run to the next, in a small file.

Used by `followed`. Losing it costs nothing but a request, and the name of the
commit that a chart was first seen in.
"""

from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog

log = structlog.get_logger("helmward.charts")

V = TypeVar("V")

MOST: Final = 1_000
"""Charts, and refs, that are remembered; the oldest go first."""


class _File(msgspec.Struct):
    heads: dict[str, tuple[str, str]] = {}
    """By what a HelmRelease calls it: the full name, and the commit that was fetched last."""
    seen: dict[str, str] = {}
    """The commit in which a chart's content was first seen, by the content's key."""


class Remembered:
    """The file, read once and written whenever something new is learnt."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _read(path)

    def head(self, ref: str) -> tuple[str, str] | None:
        """Return the full name and the commit that a ref had when it was fetched last."""
        return self._file.heads.get(ref)

    def learn_head(self, ref: str, name: str, commit: str) -> None:
        """Note what was fetched."""
        if self._file.heads.get(ref) != (name, commit):
            self._file.heads = _with(self._file.heads, ref, (name, commit))
            self._write()

    def first_seen(self, key: str, commit: str) -> str:
        """Return the commit in which the content was first seen, this one if it is new."""
        if key not in self._file.seen:
            self._file.seen = _with(self._file.seen, key, commit)
            self._write()
        return self._file.seen[key]

    def _write(self) -> None:
        beside = self._path.with_suffix(".new")
        try:
            beside.write_bytes(msgspec.json.encode(self._file))
            beside.replace(self._path)
        except OSError as error:
            log.warning("what is known of a git repository is not kept", why=error.strerror)


def _with(known: dict[str, V], name: str, value: V) -> dict[str, V]:
    rest = {key: one for key, one in known.items() if key != name}
    return dict([*rest.items(), (name, value)][-MOST:])


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):
        return _File()
