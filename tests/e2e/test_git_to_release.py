"""The whole way: a commit in git becomes a Helm release, and so does its successor."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from structlog.testing import capture_logs

from helmward.kube.resources import CONFIG_MAPS
from helmward.settings import GitSettings, RepositorySettings
from tests.support.git_repo import GitRepo
from tests.support.operator import HELM_RELEASES, Releases, running, settings_for
from tests.support.plane import Plane
from tests.support.wait import until

POLL = timedelta(seconds=0.2)
HEAL = timedelta(seconds=1)


@pytest.fixture
def git(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "config.git")


@pytest.fixture
async def following(plane: Plane, releases: Releases, git: GitRepo) -> AsyncIterator[Releases]:
    """Both roles, following the repository."""
    git.commit({"README.md": "nothing yet"})
    followed = RepositorySettings(git.url, poll_interval=POLL, sync_interval=HEAL)
    settings = GitSettings((followed,))
    async with running(settings_for(plane.kubeconfig, git=settings)):
        yield releases
        git.commit({"releases/shop.yaml": None})
        await releases.clear()


def shop(releases: Releases, **values: Any) -> dict[str, str | None]:
    """The one file of the repository."""
    return {"releases/shop.yaml": yaml.safe_dump(releases.document("shop", values=values))}


async def greeting(releases: Releases) -> str:
    release = f"{releases.namespace}-shop"
    found = await releases.kube.get(CONFIG_MAPS, release, releases.namespace)
    return str(found["data"]["colour"])


async def test_a_commit_becomes_a_release_and_the_next_an_upgrade(
    following: Releases, git: GitRepo
) -> None:
    following.made.append((following, "shop"))
    git.commit(shop(following, colour="green"), "a shop")
    await until(lambda: _exists(following))
    assert (await following.ready("shop"))["releaseRevision"] == 1
    assert await greeting(following) == "green"
    git.commit(shop(following, colour="red"), "another colour")

    async def upgraded() -> bool:
        return bool((await following.ready("shop"))["releaseRevision"] == 2)

    await until(upgraded)
    assert await greeting(following) == "red"


async def test_a_broken_commit_leaves_the_last_good_one_in_force(
    following: Releases, git: GitRepo
) -> None:
    """File and line are named, hand-made changes still heal, and a mending commit goes on."""
    following.made.append((following, "shop"))
    git.commit(shop(following, colour="green"), "a shop")
    await until(lambda: _exists(following))
    await following.ready("shop")
    with capture_logs() as logs:
        git.commit({"releases/more.yaml": "a: [1\nb: 2\n"}, "half a thought")
        await until(lambda: any("releases/more.yaml:" in str(one) for one in logs))
        [failed] = [one for one in logs if one["event"] == "sync failed"]
        assert failed["repository"] == "main"
        assert len(failed["commit"]) == 40
        tampered = {"spec": {"values": {"colour": "black"}}}
        await following.kube.patch(HELM_RELEASES, "shop", following.namespace, tampered)

        async def healed() -> bool:
            found = await following.get("shop")
            return str(found["spec"]["values"]["colour"]) == "green"

        await until(healed)
    git.commit(shop(following, colour="red") | {"releases/more.yaml": None}, "mended")

    async def mended() -> bool:
        await following.ready("shop")
        return await greeting(following) == "red"

    await until(mended, within=20)


async def _exists(releases: Releases) -> bool:
    found, _ = await releases.kube.list(HELM_RELEASES, releases.namespace)
    return bool(found)
