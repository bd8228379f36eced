"""Builds paths of a commit, one way or another."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from helmward.errors import SourceRejected, SourceUnavailable
from helmward.gitops.build import Manifest, Parsed, together
from helmward.gitops.building.files import Files
from helmward.gitops.building.generated import Generated, Recipe, find_recipe, read_recipe
from helmward.gitops.building.kustomized import Kustomized, folder_of
from helmward.gitops.building.plain import Plain
from helmward.gitops.building.substituted import Substitution
from helmward.gitops.building.tools import Tools
from helmward.gitops.building.variables import read_variables, wants_variables
from helmward.gitops.snapshot import Snapshot
from helmward.gitops.tree import normal
from helmward.redaction import REDACTOR, Redactor
from helmward.settings import PathSettings, RepositorySettings


@dataclass(frozen=True)
class Built:
    """What a path of a commit asks for."""

    manifests: tuple[Manifest, ...]
    notes: tuple[str, ...] = ()
    """What people should know of it, though nothing is wrong."""


class Builder:
    """Turns paths of one repository into manifests."""

    def __init__(
        self, settings: RepositorySettings, tools: Tools, redactor: Redactor = REDACTOR
    ) -> None:
        self._settings = settings
        self._tools = tools
        self._redactor = redactor
        self._files = Files(settings, tools.decrypter, redactor)
        self._plain: dict[str, Plain] = {}
        self._kustomized: dict[str, Kustomized] = {}
        self._substitutions: dict[str, Substitution] = {}

    async def build(self, snapshot: Snapshot, path: PathSettings) -> Built:
        """Return all manifests of a path, or none.

        Raises:
            SourceRejected: for every fault of the commit, as `file:line: what is wrong`.
            SourceUnavailable, NotFound, EngineLost: something that it takes cannot be
                had now.
        """
        try:
            parsed = await self._parsed(await self._files.revealed(snapshot), path)
            parsed = await self._filled(parsed, path)
            manifests = await asyncio.to_thread(together, parsed)
        except (SourceRejected, SourceUnavailable) as error:
            raise type(error)(self._redactor.mask(str(error))) from None
        return Built(tuple(manifests), tuple(_notes(snapshot, path)))

    async def _filled(self, parsed: list[Parsed], path: PathSettings) -> list[Parsed]:
        """Give the manifests their variables."""
        if not wants_variables(path):
            return parsed
        variables = await read_variables(path, self._tools)
        substitution = self._substitutions.setdefault(path.path, Substitution())
        filled = await asyncio.to_thread(substitution.fill, parsed, variables)
        owner = f"git/{self._settings.name}/variables of {path.path}"
        await asyncio.to_thread(self._redactor.learn, owner, substitution.used)
        return filled

    async def _parsed(self, snapshot: Snapshot, path: PathSettings) -> list[Parsed]:
        recipe = await self._recipe(snapshot, path)
        if recipe is not None:
            generated = Generated(self._files, self._tools.kustomize, self._settings.sync_timeout)
            return await generated.read(snapshot, path.path, recipe)
        if _is_kustomized(snapshot, path):
            return await self._kustomizes(path.path).read(snapshot, path.path)
        plain = self._plain.setdefault(path.path, Plain(self._files))
        return await plain.read(snapshot, path.path)

    async def _recipe(self, snapshot: Snapshot, path: PathSettings) -> Recipe | None:
        """Return how the path's manifests are made, where commands make them."""
        name = find_recipe(snapshot.tree, path.path) if self._settings.generators else None
        if name is None:
            return None
        recipe = read_recipe(name, (await snapshot.read([name]))[name])
        return None if recipe.scan else recipe

    def _kustomizes(self, path: str) -> Kustomized:
        if path not in self._kustomized:
            engine, limit = self._tools.kustomize, self._settings.sync_timeout
            self._kustomized[path] = Kustomized(self._files, engine, limit)
        return self._kustomized[path]


def _is_kustomized(snapshot: Snapshot, path: PathSettings) -> bool:
    if path.build != "auto":
        return path.build == "kustomize"
    return folder_of(snapshot.tree, path.path) is not None


def _notes(snapshot: Snapshot, path: PathSettings) -> Iterator[str]:
    """Say what of the path is not in the commit itself."""
    folder = normal(path.path)
    for name in snapshot.submodules:
        if not folder or name == folder or name.startswith(f"{folder}/"):
            yield f"{name} is a submodule: nothing of it is read"
