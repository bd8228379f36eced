"""Every YAML file below a path, of which only those that changed are read.

A file is known by its name and the name that git has for its content: while
both are the same, neither git nor the parser is asked again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import Entry
from helmward.gitops.build import Parsed
from helmward.gitops.building.files import File, Files, understood
from helmward.gitops.files import MAX_TOTAL
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.tree import pick

Known = Mapping[tuple[str, str], "Read"]
"""What was read, by the file's name and its content's."""

_WHERE: Final = "divide it into several paths, or exclude what is no manifest"


@dataclass(frozen=True, slots=True)
class Read:
    """One file that was read."""

    parsed: Parsed
    size: int
    again: bool
    """Whether the next commit may find it otherwise: it could not be opened."""


@dataclass
class Plain:
    """Reads the files of one path; what the last commit had is remembered."""

    files: Files
    known: Known = field(default_factory=dict)

    async def read(self, snapshot: Snapshot, path: str) -> list[Parsed]:
        """Return what each file says, by name.

        Raises:
            SourceRejected: the path is not there, or something of it may not be read.
            SourceUnavailable: a file cannot be got.
        """
        picked = pick(snapshot.tree, path, snapshot.head.sha)
        names = [name for name, entry in picked.items() if self._is_new(name, entry)]
        contents = await self.files.read(snapshot, names, objects=True)
        fresh = await asyncio.to_thread(_understood, contents)
        self.known = {
            (name, entry.oid): fresh.get(name) or self.known[name, entry.oid]
            for name, entry in picked.items()
        }
        _refuse_large(picked, self.known, path)
        return [read.parsed for read in self.known.values()]

    def _is_new(self, name: str, entry: Entry) -> bool:
        read = self.known.get((name, entry.oid))
        return read is None or read.again


def _understood(files: Mapping[str, File]) -> dict[str, Read]:
    return {
        name: Read(understood(name, file), len(file.content), bool(file.fault))
        for name, file in files.items()
    }


def _refuse_large(picked: Mapping[str, Entry], known: Known, path: str) -> None:
    total = sum(read.size for read in known.values())
    if total > MAX_TOTAL:
        raise SourceRejected(
            f"{path or '.'}: its {len(picked)} YAML files have {total} bytes, more than"
            f" {MAX_TOTAL}: {_WHERE}"
        )
