"""What tests of charts from git share: repositories, mirrors of them, and an engine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from helmward.engine import Engine, EngineProcess
from helmward.git.keyring import Keyring
from helmward.git.login import NOBODY, GitLogin
from helmward.git.mirror import Mirror
from helmward.git.remote import read_remote
from helmward.settings import GitChartSettings
from tests.support.git_repo import GitRepo

MirrorOf = Callable[..., Mirror]

NOWHERE = """apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
users: [{name: none, user: {}}]
current-context: none
"""


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    found = GitRepo(tmp_path / "repos" / "shop.git")
    found.allow("allowFilter", "allowAnySHA1InWant")
    return found


@pytest.fixture
def mirror_of(tmp_path: Path) -> MirrorOf:
    """Build the mirror of an address; the same folder again is the same mirror again."""

    def build(
        url: str, login: GitLogin = NOBODY, *, folder: str = "mirror", **settings: Any
    ) -> Mirror:
        kept = GitChartSettings(**settings)
        remote, work = read_remote(url), tmp_path / folder
        keyring = Keyring(work / "home", remote, login, kept)
        return Mirror(work, remote, keyring, kept.timeout.total_seconds())

    return build


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[EngineProcess]:
    """An engine that knows no cluster: charts need none."""
    kubeconfig = tmp_path / "nowhere.yaml"
    kubeconfig.write_text(NOWHERE)
    running = EngineProcess(kubeconfig=str(kubeconfig))
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(20):
        await running.ready.wait()
    yield running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def engine(process: EngineProcess) -> Engine:
    return Engine(process)
