"""What each path of a repository asks for: its newest commit, or its last good one.

Owned by `loop`. A path whose newest commit cannot be read whole keeps what it
had; the other paths go on. After a restart the commit that was in force is
read again, where the remote still gives it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from helmward.errors import HelmwardError, TransientError
from helmward.gitops.build import Manifest
from helmward.gitops.building import Built
from helmward.gitops.snapshot import Snapshot
from helmward.settings import PathSettings


class Build(Protocol):
    """Turns one path of a commit into manifests: `building.Builder`."""

    async def build(self, snapshot: Snapshot, path: PathSettings) -> Built:
        """Return all manifests, or raise SourceRejected with every fault."""


@dataclass(frozen=True)
class Version:
    """One path of one commit, read whole."""

    commit: str
    manifests: tuple[Manifest, ...]


@dataclass(frozen=True)
class Standing:
    """How one path stands."""

    settings: PathSettings
    newest: Version | None = None
    """What was built last."""
    before: Version | None = None
    """What was in force before that."""
    notes: tuple[str, ...] = ()
    trouble: HelmwardError | None = None
    """Why the newest commit could not be built."""

    @property
    def path(self) -> str:
        """The path as the settings have it."""
        return self.settings.path

    @property
    def versions(self) -> tuple[Version, ...]:
        """What may be in force, the newest first."""
        return tuple(one for one in (self.newest, self.before) if one is not None)


class Paths:
    """The paths of one repository, built from its commits."""

    def __init__(self, settings: Sequence[PathSettings], builder: Build) -> None:
        self._builder = builder
        self.standings = [Standing(one) for one in settings]
        self._snapshot: Snapshot | None = None

    @property
    def unfinished(self) -> bool:
        """Whether a path may be built from the same commit later."""
        return any(isinstance(one.trouble, TransientError) for one in self.standings)

    @property
    def bad(self) -> Sequence[Standing]:
        """Those whose newest commit is not in force."""
        return [one for one in self.standings if one.trouble is not None]

    async def take(self, snapshot: Snapshot) -> None:
        """Build every path from a commit; what fails is noted down where it belongs."""
        self._snapshot = snapshot
        self.standings = [await self._built(snapshot, one) for one in self.standings]

    async def again(self) -> None:
        """Build from the same commit: what it is built with may have changed since."""
        if self._snapshot is not None:
            await self.take(self._snapshot)

    async def recover(
        self, commits: Mapping[str, str], at: Callable[[str], Awaitable[Snapshot]]
    ) -> None:
        """Read what was in force before a restart, for the paths that have nothing else."""
        for index, standing in enumerate(self.standings):
            commit = commits.get(standing.path, "")
            if standing.trouble is not None and not standing.versions and commit:
                self.standings[index] = await self._recovered(standing, commit, at)

    def in_force(self, commits: Mapping[str, str]) -> None:
        """Note which version of each path is in force now, by its commit."""
        for index, standing in enumerate(self.standings):
            commit = commits.get(standing.path)
            kept = next((one for one in standing.versions if one.commit == commit), None)
            self.standings[index] = replace(standing, before=kept)

    async def _built(self, snapshot: Snapshot, standing: Standing) -> Standing:
        try:
            built = await self._builder.build(snapshot, standing.settings)
        except HelmwardError as error:
            return replace(standing, newest=standing.before, trouble=error)
        newest = Version(snapshot.head.sha, built.manifests)
        return replace(standing, newest=newest, notes=built.notes, trouble=None)

    async def _recovered(
        self, standing: Standing, commit: str, at: Callable[[str], Awaitable[Snapshot]]
    ) -> Standing:
        try:
            built = await self._builder.build(await at(commit), standing.settings)
        except HelmwardError:
            # What is wrong with the newest commit is what has to be mended.
            return standing
        return replace(standing, newest=Version(commit, built.manifests))
