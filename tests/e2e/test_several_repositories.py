"""`helmward sync` with a file that names several repositories, as a Deployment has it."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from helmward.apis.gitsync import RESOURCE as GIT_SYNCS
from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from tests.e2e.test_run_command import helmward
from tests.support.git_repo import GitRepo
from tests.support.objects import config_map
from tests.support.plane import Plane
from tests.support.wait import until


@dataclass(frozen=True)
class Teams:
    """Repositories of several teams, of which the last is made later."""

    kube: Kube
    namespace: str
    folder: Path

    def url(self, team: str) -> str:
        return (self.folder / f"{team}.git").as_uri()

    def repository(self, team: str) -> GitRepo:
        return GitRepo(self.folder / f"{team}.git")

    def name(self, team: str) -> str:
        """What the repository is called: no other test has the same."""
        return f"{self.namespace}-{team}"

    def file(self, *teams: str) -> Path:
        """Write down whom to follow."""
        path = self.folder / "repositories.yaml"
        named = [{"name": self.name(team), "url": self.url(team)} for team in teams]
        path.write_text(yaml.safe_dump({"repositories": named}))
        return path

    async def ready(self, team: str) -> dict[str, Any]:
        """What the GitSync says of Ready."""
        try:
            found = await self.kube.get(GIT_SYNCS, self.name(team), "default")
        except NotFound:
            return {}
        told = (found.get("status") or {}).get("conditions", ())
        return next((one for one in told if one["type"] == "Ready"), {})

    async def says(self, team: str, reason: str) -> None:
        async def said() -> bool:
            return bool((await self.ready(team)).get("reason") == reason)

        await until(said, within=30)

    async def has(self, name: str) -> bool:
        try:
            await self.kube.get(CONFIG_MAPS, name, self.namespace)
        except NotFound:
            return False
        return True


@pytest.fixture
def teams(kube: Kube, namespace: str, tmp_path: Path) -> Teams:
    return Teams(kube, namespace, tmp_path)


async def test_each_repository_of_the_file_stands_by_itself(plane: Plane, teams: Teams) -> None:
    """One is broken and one is not there: the third is followed all the same, and both mend."""
    good, broken = teams.repository("good"), teams.repository("broken")
    good.commit({"good.yaml": config_map("good")})
    broken.commit({"broken.yaml": "{"})
    async with helmward(
        *("sync", "--listen=127.0.0.1:0", f"--kubeconfig={plane.kubeconfig}"),
        *(f"--sync-config={teams.file('absent', 'broken', 'good')}", "--git-poll-interval=200ms"),
        f"--k8s-default-namespace={teams.namespace}",
    ) as running:
        await asyncio.gather(
            teams.says("absent", "SourceUnavailable"),
            teams.says("broken", "SourceRejected"),
            teams.says("good", "Synced"),
        )
        assert await teams.has("good")

        broken.commit({"broken.yaml": config_map("mended")})
        teams.repository("absent").commit({"late.yaml": config_map("late")})
        await asyncio.gather(teams.says("absent", "Synced"), teams.says("broken", "Synced"))
        assert await teams.has("mended")
        assert await teams.has("late")

        running.process.send_signal(signal.SIGTERM)
        assert await running.end() == 0, running.words
