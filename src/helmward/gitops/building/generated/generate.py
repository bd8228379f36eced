"""Makes the manifests of a path by its `.flux.yaml`.

Commands run anew for each commit: what they read besides git nobody knows.
"""

import asyncio
import json
import posixpath
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import follow
from helmward.gitops.build import Manifest, Parsed, parse, understand
from helmward.gitops.building.closure import oid_of
from helmward.gitops.building.cover import covered, salted, sha1
from helmward.gitops.building.files import File, Files
from helmward.gitops.building.generated.command import Place, run
from helmward.gitops.building.generated.layout import as_left, lay_out, read_all
from helmward.gitops.building.generated.recipe import Command, Recipe
from helmward.gitops.building.hidden import Revealed
from helmward.gitops.building.kustomized import Kustomized
from helmward.gitops.building.sealed import form_of
from helmward.gitops.building.tools import Kustomizes
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.tree import normal
from helmward.yamls import Document, YamlError, documents

_GENERATED: Final = ".generated"
"""Folder in which what is patched stands; in none of our messages."""
_WORD: Final = re.compile(r"[A-Za-z0-9_./=-]+")
"""What a shell would leave as it is."""
_SEALED: Final = (
    "what the command printed is encrypted with SOPS, and generated manifests are not opened: "
    "open them in the command"
)


@dataclass(frozen=True)
class Generated:
    """Makes manifests as recipes ask."""

    files: Files
    engine: Kustomizes
    timeout: timedelta
    """Of a command that names none."""

    async def read(self, snapshot: Snapshot, path: str, recipe: Recipe) -> list[Parsed]:
        """Return what all commands print, patched.

        Raises:
            SourceRejected: as `.flux.yaml:line: what is wrong`.
            SourceUnavailable, EngineLost: it cannot be made now, or a command fails.
        """
        folder = _folder(snapshot, path)
        parsed = await self._run_all(snapshot, folder, recipe)
        if any(one.faults for one in parsed):
            return parsed
        patch = _patch(snapshot, folder, recipe)
        return [await self._patched(snapshot, parsed, patch)] if patch else parsed

    async def _run_all(self, snapshot: Snapshot, folder: str, recipe: Recipe) -> list[Parsed]:
        """Run the commands one after another; from the first that is not ours on, in one copy."""
        ours = list(takewhile(_is_ours, recipe.commands))
        parsed = [await self._kustomized(snapshot, folder, one) for one in ours]
        if len(ours) == len(recipe.commands):
            return parsed
        with tempfile.TemporaryDirectory(prefix="helmward-", ignore_cleanup_errors=True) as work:
            place = await _laid_out(Path(work), snapshot, folder)
            others = recipe.commands[len(ours) :]
            return parsed + [await self._one(one, snapshot, folder, place) for one in others]

    async def _one(self, command: Command, snapshot: Snapshot, folder: str, place: Place) -> Parsed:
        if _is_ours(command):
            # Those before it may have written what it is built from.
            left = await asyncio.to_thread(as_left, snapshot, place.copy)
            parsed = await self._kustomized(left, folder, command)
        else:
            output = await run(command, place, self.timeout)
            parsed = await asyncio.to_thread(_printed, command, output)
        if not isinstance(snapshot, Revealed):
            return parsed
        # What was hidden may be in any of it.
        oids = [snapshot.tree[name].oid for name in sorted(snapshot.hidden)]
        return salted(parsed, sha1(" ".join([command.text, *oids]).encode()))

    async def _kustomized(self, snapshot: Snapshot, folder: str, command: Command) -> Parsed:
        named = _kustomization(command.text) or ""
        target = posixpath.normpath(posixpath.join(folder, named))
        if target.startswith(("..", "/")):
            raise SourceRejected(f"{command.place}: {named} leads out of the repository")
        limit = command.timeout or self.timeout
        (parsed,) = await Kustomized(self.files, self.engine, limit).read(snapshot, target)
        return parsed

    async def _patched(self, snapshot: Snapshot, parsed: Sequence[Parsed], patch: str) -> Parsed:
        """Lay the patches of a file over objects, by a kustomization of our own."""
        file = (await self.files.read(snapshot, [patch]))[patch]
        manifests = [manifest for one in parsed for manifest in one.manifests]
        if file.fault:
            return Parsed(faults=(file.fault,))
        if not _says_anything(patch, file.content):
            return Parsed(tuple(manifests))
        named = {f"{_GENERATED}/{n}.json": one for n, one in enumerate(manifests)}
        own = {"resources": list(named), "patches": [{"path": patch}]}
        inputs = {name: json.dumps(one.object).encode() for name, one in named.items()}
        inputs |= {patch: file.content, "kustomization.yaml": json.dumps(own).encode()}
        try:
            objects = await self.engine.kustomize(inputs, "", deadline=self.timeout)
        except SourceRejected as error:
            raise SourceRejected(f"{patch}: {_reworded(str(error), named)}") from error
        found = [_understood(named[one.file], one.value, file) for one in objects]
        return Parsed(
            tuple(manifest for one in found for manifest in one.manifests),
            tuple(fault for one in found for fault in one.faults),
        )


def _folder(snapshot: Snapshot, path: str) -> str:
    """Return the folder that the path names."""
    folder = follow(snapshot.tree, normal(path), f"--git-path {path}")
    if folder in snapshot.tree:
        folder = posixpath.dirname(folder)
    if folder and not any(name.startswith(f"{folder}/") for name in snapshot.tree):
        sha = snapshot.head.sha[:12]
        raise SourceRejected(f"--git-path {path}: commit {sha} has no such folder or file")
    return folder


def _patch(snapshot: Snapshot, folder: str, recipe: Recipe) -> str:
    """Return the patch file: as seen from the path, else from the recipe; it may be missing."""
    if not recipe.patch_file:
        return ""
    folders = (folder, posixpath.dirname(recipe.file))
    names = [posixpath.normpath(posixpath.join(one, recipe.patch_file)) for one in folders]
    return next((name for name in names if oid_of(snapshot.tree, name)), "")


async def _laid_out(work: Path, snapshot: Snapshot, folder: str) -> Place:
    contents = await read_all(snapshot)
    tree, home = work / "tree", work / "home"
    tree.mkdir()
    home.mkdir()
    await asyncio.to_thread(lay_out, tree, snapshot.tree, contents)
    return Place(tree / folder, home, tree)


def _is_ours(command: Command) -> bool:
    return _kustomization(command.text) is not None


def _kustomization(command: str) -> str | None:
    """Return the folder of a plain `kustomize build` where there is no such program."""
    words = command.split()
    if words[:2] != ["kustomize", "build"] or shutil.which("kustomize"):
        return None
    return _target(words[2:]) if all(_WORD.fullmatch(word) for word in words) else None


def _target(words: list[str]) -> str | None:
    targets: list[str] = []
    ahead = iter(words)
    for word in ahead:
        flag, given, _ = word.partition("=")
        if flag in {"--load-restrictor", "--load_restrictor"}:
            if not given:
                next(ahead, None)
        elif word.startswith("-") or given:
            return None
        else:
            targets.append(word)
    return (targets or ["."])[0] if len(targets) <= 1 else None


def _printed(command: Command, output: bytes) -> Parsed:
    """Read what a command printed; its lines are those of the output."""
    if form_of("x.yaml", output):
        return Parsed(faults=(f"{command.place}: {_SEALED}",))
    return parse(f"{command.place}: output", output)


def _says_anything(patch: str, content: bytes) -> bool:
    try:
        return bool(documents(content))
    except YamlError as error:
        raise SourceRejected(f"{patch}:{error.line}:{error.column}: {error}") from error


def _reworded(words: str, named: Mapping[str, Manifest]) -> str:
    """Say places that people know: not those of the kustomization that we made up."""
    for name, manifest in sorted(named.items(), reverse=True):
        words = words.replace(name, manifest.place)
    return words.removeprefix("kustomization.yaml:1: ").removeprefix("kustomization.yaml: ")


def _understood(before: Manifest, value: dict[str, object], patch: File) -> Parsed:
    parsed = understand(before.file, [Document(value, before.line, {})])
    if not (before.secret or patch.secret):
        return parsed
    return covered(parsed, before.digest.encode() + (patch.sealed or patch.content))
