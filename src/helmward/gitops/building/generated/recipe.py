"""What a `.flux.yaml` asks for; pure."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from helmward.errors import SourceRejected
from helmward.git.tree import Tree, parents
from helmward.gitops.building.closure import oid_of
from helmward.gitops.tree import normal
from helmward.yamls import Document, YamlError, documents

NAME: Final = ".flux.yaml"
MOST: Final = 100
"""Commands of one file."""
_WAYS: Final = ("commandUpdated", "patchUpdated", "scanForFiles")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")


@dataclass(frozen=True, slots=True)
class Command:
    """One command that writes manifests to its standard output."""

    text: str
    place: str
    timeout: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How manifests are made."""

    file: str
    commands: tuple[Command, ...] = ()
    patch_file: str = ""
    """Patches over what the commands wrote, as seen from the path, else from the file."""
    scan: bool = False
    """Whether files are read as if there were no `.flux.yaml`."""


def find_recipe(tree: Tree, path: str) -> str | None:
    """Return the nearest `.flux.yaml`: in the path's folder, else above it."""
    folder = normal(path)
    start = posixpath.join(folder, "x") if not oid_of(tree, folder) else folder
    names = (posixpath.join(one, NAME) for one in parents(start))
    return next((name for name in names if oid_of(tree, name)), None)


def read_recipe(file: str, content: bytes) -> Recipe:
    """Read a `.flux.yaml`. What keeps images up to date (`updaters`) is left out.

    Raises:
        SourceRejected: as `file:line: what is wrong`.
    """
    try:
        found = documents(content)
    except YamlError as error:
        raise SourceRejected(f"{file}:{error.line}:{error.column}: {error}") from error
    if len(found) != 1 or not isinstance(found[0].value, dict):
        raise SourceRejected(f"{file}:1: one mapping is wanted, with version and {_choice()}")
    return _Reader(file, found[0]).recipe()


class _Reader:
    def __init__(self, file: str, document: Document) -> None:
        self._file, self._document = file, document

    def recipe(self) -> Recipe:
        top = self._document.value
        if top.get("version") != 1:
            raise self._fault(top, "version has to be 1")
        ways = [way for way in _WAYS if way in top]
        if len(ways) != 1:
            raise self._fault(top, f"exactly one is wanted of {_choice()}")
        way = ways[0]
        if way == "scanForFiles":
            return Recipe(self._file, scan=True)
        given = self._mapping(top, way)
        patches = given.get("patchFile") if way == "patchUpdated" else ""
        if way == "patchUpdated" and not (isinstance(patches, str) and _is_inside(patches)):
            raise self._fault(given, "patchUpdated.patchFile has to be a path in the repository")
        return Recipe(self._file, tuple(self._commands(given, way)), patches or "")

    def _commands(self, given: Mapping[str, Any], way: str) -> Sequence[Command]:
        found = given.get("generators")
        if not isinstance(found, list) or not found or len(found) > MOST:
            raise self._fault(given, f"{way}.generators has to list 1 to {MOST} commands")
        return [self._command(one, given, f"{way}.generators[{n}]") for n, one in enumerate(found)]

    def _command(self, one: Any, around: Mapping[str, Any], field: str) -> Command:
        if not isinstance(one, dict) or not isinstance(one.get("command"), str):
            raise self._fault(one if isinstance(one, dict) else around, f"{field} has no command")
        return Command(one["command"], self._place(one), self._timeout(one, field))

    def _timeout(self, one: Mapping[str, Any], field: str) -> timedelta | None:
        written = one.get("timeout")
        if written is None:
            return None
        if not isinstance(written, str) or not _DURATION.fullmatch(written):
            raise self._fault(one, f"{field}.timeout has to be a duration such as 30s or 1m30s")
        parts = _PART.findall(written)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if not 0 < seconds <= _UNITS["h"]:
            raise self._fault(one, f"{field}.timeout has to be at most 1h, and more than nothing")
        return timedelta(seconds=seconds)

    def _mapping(self, around: Mapping[str, Any], field: str) -> Mapping[str, Any]:
        found = around[field]
        if not isinstance(found, dict):
            raise self._fault(around, f"{field} has to be a mapping")
        return found

    def _place(self, mapping: Mapping[str, Any]) -> str:
        return f"{self._file}:{self._document.line_of(mapping)}"

    def _fault(self, mapping: Mapping[str, Any], words: str) -> SourceRejected:
        return SourceRejected(f"{self._place(mapping)}: {words}")


def _choice() -> str:
    return f"{', '.join(_WAYS[:-1])} or {_WAYS[-1]}"


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in path.split("/")
