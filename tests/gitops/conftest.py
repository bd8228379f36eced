"""What tests of the Flux role share: a repository, and a sync that is listened to."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from helmward.engine import Engine, EngineProcess
from helmward.gitops.loop import GitSync
from helmward.gitops.report import Kind, SyncEvent, SyncReport
from helmward.gitops.role import Surroundings, SyncRole
from helmward.kube import Kube
from helmward.runtime.events import EventRecorder
from helmward.settings import GitSettings, PathSettings, RefSettings, RepositorySettings
from tests.support.applying import Applying
from tests.support.git_repo import GitRepo
from tests.support.kubectl import Kubectl
from tests.support.plane import Plane
from tests.support.tasks import running
from tests.support.wait import until


@dataclass
class Watched:
    """A sync, and all that it told."""

    sync: GitSync
    events: list[SyncEvent] = field(default_factory=list)

    def named(self, kind: Kind) -> list[SyncEvent]:
        return [event for event in self.events if event.kind is kind]

    async def reported(self, condition: Callable[[SyncReport], Any], within: float = 20) -> None:
        """Wait until things stand so."""
        await until(lambda: condition(self.sync.report), within)


Running = Callable[..., AbstractAsyncContextManager[Watched]]


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repos" / "shop.git")


def a_repository(
    url: str, *, branch: str | None = None, paths: Sequence[str] = ("",), **settings: Any
) -> RepositorySettings:
    """Build the settings of a repository whose paths are plain."""
    chosen = tuple(PathSettings(path) for path in paths)
    return RepositorySettings(url=url, ref=RefSettings(branch), paths=chosen, **settings)


def a_role(
    kube: Kube,
    work: Path,
    *repositories: RepositorySettings,
    registry: CollectorRegistry | None = None,
    observer: Callable[[SyncEvent], Any] = lambda _: None,
    recorder: EventRecorder | None = None,
    **role: Any,
) -> SyncRole:
    """Build the role as `app` does; its records are where its objects are."""
    around = Surroundings(
        kube=kube,
        engine=Engine(EngineProcess(kubeconfig=None)),
        recorder=recorder or EventRecorder(kube),
        registry=registry or CollectorRegistry(),
        work=work,
        namespace=repositories[0].default_namespace or "default",
        observer=observer,
    )
    return SyncRole(GitSettings(repositories, **role), around)


def a_sync(kube: Kube, work: Path, url: str, **settings: Any) -> Watched:
    """Build a sync whose intervals are long: only what a test asks for happens."""
    watched: Watched

    def told(event: SyncEvent) -> None:
        watched.events.append(event)

    role = a_role(kube, work, a_repository(url, **settings), observer=told)
    watched = Watched(role.followed[0].sync)
    return watched


@pytest.fixture
def syncing(repo: GitRepo, tmp_path: Path, kube: Kube, namespace: str) -> Watched:
    """A sync of the repository into the test's own namespace, run by `sync_now`."""
    return a_sync(kube, tmp_path / "work", repo.url, default_namespace=namespace)


@pytest.fixture
def run_sync(tmp_path: Path, namespace: str, kube: Kube) -> Running:
    """A sync that runs by itself, with short intervals."""

    @asynccontextmanager
    async def run(url: str, cluster: Kube = kube, **settings: Any) -> AsyncIterator[Watched]:
        short = {"poll_interval": timedelta(seconds=0.1), "sync_interval": timedelta(seconds=0.2)}
        merged = {**short, "default_namespace": namespace, **settings}
        watched = a_sync(cluster, tmp_path / "work", url, **merged)
        async with running(watched.sync.run()):
            yield watched

    return run


@pytest.fixture
def applying(kube: Kube, namespace: str) -> Applying:
    """An applier into the test's own namespace."""
    return Applying(kube, namespace)


@pytest.fixture
def kubectl(plane: Plane, namespace: str) -> Kubectl:
    """The real kubectl in the test's own namespace."""
    return Kubectl(plane.kubeconfig, namespace)
