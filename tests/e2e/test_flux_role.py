"""A repository as the guides of Flux and its users have it, through its whole life.

namespaces/, releases/ with HelmReleases, secrets/ under SOPS, an object that is
to be left alone; both roles run, as `helmward run` has them.
"""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from helmward.apis.gitsync import APPROVE
from helmward.apis.gitsync import RESOURCE as GIT_SYNCS
from helmward.errors import NotFound
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES, SECRETS, Resource
from helmward.model import REQUESTED_AT
from helmward.settings import (
    GitSettings,
    PathSettings,
    PruneSettings,
    RefSettings,
    RepositorySettings,
)
from tests.support.git_repo import GitRepo
from tests.support.objects import config_map
from tests.support.operator import HELM_RELEASES, Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.wait import until

SOPS = Path(__file__).parents[1] / "support" / "sops"
PATHS = ("namespaces", "releases", "secrets", "config")
Files = dict[str, str | None]


@dataclass(frozen=True)
class Team:
    """A team with a repository, and what came of it in the cluster."""

    releases: Releases
    repo: GitRepo

    @property
    def namespace(self) -> str:
        return self.releases.namespace

    @property
    def name(self) -> str:
        """What the repository is called: no other test has the same."""
        return self.namespace

    def settings(self, **changed: Any) -> GitSettings:
        """Follow it with pruning and SOPS on, looking often."""
        followed = RepositorySettings(
            self.repo.url,
            self.name,
            paths=tuple(PathSettings(path) for path in PATHS),
            poll_interval=timedelta(seconds=0.2),
            sync_interval=timedelta(seconds=1),
            default_namespace=self.namespace,
            sops=True,
            prune=PruneSettings(enabled=True),
        )
        return GitSettings((replace(followed, **changed),), age_keys=(SOPS / "age.key",))

    def helm_release(self, name: str, **spec: Any) -> Files:
        """A HelmRelease as a file of the repository."""
        return {f"releases/{name}.yaml": yaml.safe_dump(self.releases.document(name, **spec))}

    def everything(self) -> Files:
        ignored = config_map("manual").replace(
            "name: manual", "name: manual\n  annotations: {fluxcd.io/ignore: 'true'}"
        )
        return {
            "namespaces/apps.yaml": (
                f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {self.namespace}-apps}}\n"
            ),
            **self.helm_release("web", values={"colour": "green"}),
            **self.helm_release("cart", values={"colour": "green"}),
            "secrets/login.yaml": (SOPS / "secret.yaml").read_text(),
            "config/manual.yaml": ignored,
            "config/shown.yaml": config_map("shown"),
            "README.md": "not applied\n",
        }

    async def found(self, resource: Resource, name: str) -> dict[str, Any] | None:
        try:
            return await self.releases.kube.get(resource, name, self.namespace)
        except NotFound:
            return None

    async def status(self) -> dict[str, Any]:
        """What the GitSync says."""
        try:
            found = await self.releases.kube.get(GIT_SYNCS, self.name, "default")
        except NotFound:
            return {}
        status: dict[str, Any] = found.get("status") or {}
        return status

    async def is_in_force(self, commit: str) -> bool:
        status = await self.status()
        ready = [one for one in status.get("conditions", ()) if one["type"] == "Ready"]
        return bool(ready) and ready[0]["status"] == "True" and status["commit"]["sha"] == commit

    async def in_force(self, commit: str, within: float = 30) -> None:
        """Wait until a commit is in force to the last object."""
        await until(lambda: self.is_in_force(commit), within)

    async def annotate(self, **words: str) -> None:
        patch = {"metadata": {"annotations": words}}
        await self.releases.kube.patch(GIT_SYNCS, self.name, "default", patch)

    async def colour(self, release: str) -> str:
        found = await self.found(CONFIG_MAPS, f"{self.namespace}-{release}")
        return str(found["data"]["colour"]) if found else ""


Run = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def team(releases: Releases, tmp_path: Path) -> Team:
    return Team(releases, GitRepo(tmp_path / "config.git"))


@pytest.fixture
async def run(plane: Plane, team: Team) -> AsyncIterator[Run]:
    """Run both roles for a while, and clean up at the end."""

    @asynccontextmanager
    async def run_for(**changed: Any) -> AsyncIterator[None]:
        async with running(settings_for(plane.kubeconfig, git=team.settings(**changed))):
            yield

    yield run_for
    kube = team.releases.kube
    listed, _ = await kube.list(HELM_RELEASES, team.namespace)
    if listed:
        async with running(settings_for(plane.kubeconfig)):
            for one in listed:
                await kube.delete(HELM_RELEASES, one["metadata"]["name"], team.namespace)
                await team.releases.gone(one["metadata"]["name"])


async def test_the_first_sync_brings_everything_that_is_asked_for(team: Team, run: Run) -> None:
    """In the order in which it can be taken, secrets opened, what is ignored left out."""
    commit = team.repo.commit(team.everything(), "everything")
    async with run():
        await team.in_force(commit)
        for name in ("web", "cart"):
            assert (await team.releases.ready(name))["releaseRevision"] == 1

    secret = await team.found(SECRETS, "login")
    assert secret
    assert base64.b64decode(secret["data"]["password"]) == b"planted-in-sops"
    assert await team.releases.kube.get(NAMESPACES, f"{team.namespace}-apps")
    assert await team.found(CONFIG_MAPS, "shown")
    assert await team.found(CONFIG_MAPS, "manual") is None


async def test_a_commit_upgrades_and_tampering_is_healed(team: Team, run: Run) -> None:
    team.repo.commit(team.everything(), "everything")
    async with run():
        await until(lambda: team.found(HELM_RELEASES, "web"))
        await team.releases.ready("web")
        team.repo.commit(team.helm_release("web", values={"colour": "red"}), "red")
        await until(lambda: _is(team, "web", "red"))
        kube = team.releases.kube
        tampered = {"spec": {"values": {"colour": "black"}}}
        await kube.patch(HELM_RELEASES, "web", team.namespace, tampered)
        await kube.delete(CONFIG_MAPS, "shown", team.namespace)

        async def healed() -> bool:
            found = await team.found(HELM_RELEASES, "web")
            colour = found["spec"]["values"]["colour"] if found else ""
            return colour == "red" and await team.found(CONFIG_MAPS, "shown") is not None

        await until(healed)
        await until(lambda: _is(team, "web", "red"))


async def test_a_removed_helm_release_is_uninstalled(team: Team, run: Run) -> None:
    team.repo.commit(team.everything(), "everything")
    async with run():
        await until(lambda: team.found(HELM_RELEASES, "cart"))
        await team.releases.ready("cart")
        commit = team.repo.commit({"releases/cart.yaml": None}, "no cart")
        await team.releases.gone("cart")
        await team.in_force(commit)

    assert await team.colour("cart") == ""
    assert await team.releases.revisions(f"{team.namespace}-cart") == []
    assert (await team.found(HELM_RELEASES, "web")) is not None


async def test_a_release_with_volumes_goes_only_when_told(team: Team, run: Run) -> None:
    """The brake: nothing is lost by a file that was deleted by mistake."""
    database = team.releases.of("app").document("db", values={"volume": True})
    files = team.everything() | {"releases/db.yaml": yaml.safe_dump(database)}
    team.repo.commit(files, "everything")
    async with run():
        await until(lambda: team.found(HELM_RELEASES, "db"))
        await team.releases.ready("db")
        commit = team.repo.commit({"releases/db.yaml": None}, "no database")

        async def braked() -> dict[str, Any]:
            found: dict[str, Any] = (await team.status()).get("braked") or {}
            return found

        await until(braked)
        asked = await braked()
        assert "PersistentVolumeClaims go with it" in asked["why"]
        assert f"HelmRelease.flux.weave.works {team.namespace}/db" in asked["objects"]
        assert await team.found(HELM_RELEASES, "db")
        await team.annotate(**{APPROVE: asked["token"]})
        await team.releases.gone("db")
        await team.in_force(commit)


async def test_another_branch_takes_over(team: Team, run: Run) -> None:
    """What both have is not touched, what the other lacks goes, if it is little enough."""
    team.repo.commit(team.everything(), "everything")
    async with run():
        await until(lambda: team.found(HELM_RELEASES, "web"))
        await team.releases.ready("web")
    before = await team.found(HELM_RELEASES, "web")
    team.repo.git("branch", "other", "main")
    commit = team.repo.commit(
        {"config/shown.yaml": None, "config/new.yaml": config_map("new")}, branch="other"
    )
    async with run(ref=RefSettings(branch="other")):
        await team.in_force(commit)

    after = await team.found(HELM_RELEASES, "web")
    assert before
    assert after
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert await team.found(CONFIG_MAPS, "shown") is None
    assert await team.found(CONFIG_MAPS, "new")


async def test_a_broken_path_stops_only_itself(team: Team, run: Run) -> None:
    """Another team's path goes on; the last good commit of the broken one stays in force."""
    good = team.repo.commit(team.everything(), "everything")
    async with run():
        await team.in_force(good)
        newest = team.repo.commit(
            {"config/broken.yaml": "a: [1\n"} | team.helm_release("web", values={"colour": "red"}),
            "half a thought",
        )
        await until(lambda: _is(team, "web", "red"))

        async def told() -> bool:
            paths = {one["path"]: one for one in (await team.status()).get("paths", ())}
            config, releases = paths.get("config", {}), paths.get("releases", {})
            return (
                config.get("commit") == good
                and "config/broken.yaml:" in config.get("error", "")
                and releases.get("commit") == newest
            )

        await until(told)
    assert await team.found(CONFIG_MAPS, "shown")


async def test_a_sync_is_asked_for_and_suspended_by_annotation(team: Team, run: Run) -> None:
    commit = team.repo.commit(team.everything(), "everything")
    slow = timedelta(hours=1)
    async with run(poll_interval=slow, sync_interval=slow):
        await team.in_force(commit)
        commit = team.repo.commit({"config/more.yaml": config_map("more")}, "more")
        await team.annotate(**{REQUESTED_AT: "now"})
        await team.in_force(commit)


async def _is(team: Team, release: str, colour: str) -> bool:
    return await team.colour(release) == colour
