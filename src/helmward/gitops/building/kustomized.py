"""Builds the kustomization of a folder, of which only the files that it needs are read.

The building itself is the engine's. While nothing that was looked at has
changed, what was built last counts.
"""

import asyncio
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from helmward.errors import SourceRejected
from helmward.git.tree import Tree, follow
from helmward.gitops.build import Parsed, listed, understand
from helmward.gitops.building.closure import KUSTOMIZATIONS, Closure, oid_of
from helmward.gitops.building.cover import covered
from helmward.gitops.building.files import File, Files
from helmward.gitops.building.origins import Origins
from helmward.gitops.building.tools import BuiltObject, Kustomizes
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.tree import normal
from helmward.yamls import Document


@dataclass
class Kustomized:
    """Builds the kustomization of one path."""

    files: Files
    engine: Kustomizes
    deadline: timedelta
    _asked: Mapping[str, str] = field(default_factory=dict)
    _built: list[Parsed] = field(default_factory=list)

    async def read(self, snapshot: Snapshot, path: str) -> list[Parsed]:
        """Return the objects, in the order of the build.

        Raises:
            SourceRejected: as `file:line: what is wrong`.
            SourceUnavailable, EngineLost: it cannot be built now.
        """
        folder = folder_of(snapshot.tree, path)
        if folder is None:
            raise SourceRejected(_missing(snapshot, path))
        if self._asked and _same(snapshot.tree, self._asked):
            return self._built
        closure = Closure(snapshot.tree)

        async def reads(names: Iterable[str]) -> Mapping[str, File]:
            return await self.files.read(snapshot, names)

        await closure.fill(folder, reads)
        objects = await self._objects(closure.files, folder)
        self._built = [await asyncio.to_thread(_understood, objects, closure.files)]
        self._asked = closure.asked
        return self._built

    async def _objects(self, files: Mapping[str, File], folder: str) -> Sequence[BuiltObject]:
        """Build without what could not be opened: often nothing needs it."""
        faults = [file.fault for _, file in sorted(files.items()) if file.fault]
        contents = {name: file.content for name, file in files.items() if not file.fault}
        try:
            return await self.engine.kustomize(contents, folder, deadline=self.deadline)
        except SourceRejected as error:
            raise SourceRejected(listed(faults) if faults else str(error)) from error


def folder_of(tree: Tree, path: str) -> str | None:
    """Return the folder of the kustomization that a path names, through links; None: no such."""
    folder = normal(path)
    if posixpath.basename(folder) in KUSTOMIZATIONS and oid_of(tree, folder):
        folder = posixpath.dirname(folder)
    folder = follow(tree, folder, f"--git-path {path}")
    found = any(oid_of(tree, posixpath.join(folder, one)) for one in KUSTOMIZATIONS)
    return folder if found else None


def _missing(snapshot: Snapshot, path: str) -> str:
    return (
        f"--git-path {path or '.'}: commit {snapshot.head.sha[:12]} has no"
        f" {', '.join(KUSTOMIZATIONS[:2])} or {KUSTOMIZATIONS[2]} there, and it is to be built"
        " with kustomize"
    )


def _same(tree: Tree, asked: Mapping[str, str]) -> bool:
    return all(oid_of(tree, name) == oid for name, oid in asked.items())


def _understood(objects: Sequence[BuiltObject], files: Mapping[str, File]) -> Parsed:
    origins = Origins(files)
    parsed = [
        understand(one.file, [Document(one.value, origins.line_of(one.file, one.value), {})])
        for one in objects
    ]
    joined = Parsed(
        tuple(manifest for one in parsed for manifest in one.manifests),
        tuple(fault for one in parsed for fault in one.faults),
    )
    # A value of an opened file may have come into any object: by a patch, a replacement.
    return covered(joined, _sealed(files)) if any(one.secret for one in files.values()) else joined


def _sealed(files: Mapping[str, File]) -> bytes:
    return b"\0".join(
        name.encode() + b"\0" + (file.sealed or file.content)
        for name, file in sorted(files.items())
    )
