"""The stage of the demo: a control plane, charts, a git repository, and Helmward on it.

Called by the story. Every part lives in the demo's own folder, listens on
127.0.0.1 at a free port, and is gone when the block ends.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from helmward import app, logs
from helmward.demo.cluster import Cluster, install_crds
from helmward.demo.display import Display
from helmward.demo.narrator import Narrator
from helmward.demo.pack import pack
from helmward.demo.repository import BRANCH, Repository
from helmward.demo.shelf import chart_repository
from helmward.devplane import DevplaneFailed, Plane, running_plane
from helmward.errors import ClusterUnavailable, EngineLost
from helmward.kube import Kube, load_config
from helmward.model import DriftMode
from helmward.settings import (
    ChartSettings,
    ClusterSettings,
    EngineSettings,
    GitSettings,
    RefSettings,
    ReleaseSettings,
    RepositorySettings,
    Settings,
    WebSettings,
)

HERE = Path(__file__).parent
PLACEHOLDER = "CHART_REPOSITORY"
PATIENCE: Final = 90.0
"""Seconds that a step may take before the demo counts as failed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the acts play with."""

    display: Display
    folder: Path
    plane: Plane
    cluster: Cluster
    repository: Repository

    @property
    def log(self) -> Path:
        """Where Helmward's own log goes."""
        return self.folder / "helmward.log"

    @property
    def kubectl(self) -> str:
        """The kubectl that came with the demo, or the one on PATH."""
        own = Path(sys.executable).parent / "kubectl"
        if not own.exists():
            return "kubectl"
        here = Path.cwd()
        return str(own.relative_to(here) if own.is_relative_to(here) else own)


@asynccontextmanager
async def staged(folder: Path, display: Display) -> AsyncIterator[Stage]:
    """Set the stage, saying what is set up."""
    display.title("Helmward: from a commit in git to a Helm release in a cluster")
    display.wait_for("starting the control plane: etcd, API server, controllers, scheduler, nodes")
    async with _plane(folder / "plane") as plane:
        display.say("done", "control plane", f"Kubernetes {plane.version} at {plane.server}")
        async with Kube(load_config(str(plane.kubeconfig))) as kube:
            for name in await install_crds(kube):
                display.say("done", "CRD", name)
            async with chart_repository([pack(HERE / "chart")]) as charts:
                display.say("done", "chart repository", f"{charts} with chart stall 1.0.0")
                repository = await _repository(folder / "shop", charts, display)
                yield Stage(display, folder, plane, Cluster(kube), repository)
            display.wait_for("")


@asynccontextmanager
async def _plane(folder: Path) -> AsyncIterator[Plane]:
    """Run the control plane; whatever else fails because it ended is not told."""
    try:
        async with running_plane(folder, unsafe_no_fsync=True) as plane:
            yield plane
    except DevplaneFailed as error:
        raise ClusterUnavailable(str(error).replace("\n", "\n\n", 1)) from error


async def _repository(folder: Path, charts: str, display: Display) -> Repository:
    """Make the git repository with its first commit."""
    repository = Repository(folder)
    await repository.create()
    tree = {path.name: path.read_text() for path in sorted((HERE / "tree").glob("*.yaml"))}
    files = {name: text.replace(PLACEHOLDER, charts) for name, text in tree.items()}
    commit = await repository.commit(files, "The shop: storefront, cart and ledger")
    display.say("done", "git repository", f"{repository.url} at commit {commit}")
    return repository


@asynccontextmanager
async def performed(stage: Stage) -> AsyncIterator[None]:
    """Run Helmward on the stage, and tell what it does.

    Raises:
        EngineLost: Helmward does not get ready.
    """
    narrator = Narrator(stage.display.say)
    narrator.listen(stage.cluster)
    stage.display.wait_for("starting Helmward")
    begun = asyncio.Event()
    with stage.log.open("w") as log:
        logs.configure("fmt", "info", log)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(app.run(_settings(stage), observer=narrator.sync, ready=begun)),
                group.create_task(stage.cluster.run()),
                group.create_task(stage.plane.watch()),
            ]
            await _within_reason(begun)
            stage.display.say("done", "helmward", "ready: follows git, serves HelmReleases")
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()


async def _within_reason(begun: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
    except TimeoutError:
        raise EngineLost(f"Helmward is not ready after {PATIENCE:.0f}s") from None


def _settings(stage: Stage) -> Settings:
    """As `helmward run` would have it, with shorter intervals, and drift put right."""
    return Settings(
        cluster=ClusterSettings(kubeconfig=stage.plane.kubeconfig),
        releases=ReleaseSettings(
            charts=ChartSettings(engine=EngineSettings(cache=stage.folder / "charts")),
            drift=DriftMode.ENABLED,
        ),
        git=GitSettings((_followed(stage),)),
        web=WebSettings(listen="127.0.0.1:0"),
    )


def _followed(stage: Stage) -> RepositorySettings:
    return RepositorySettings(
        url=stage.repository.url,
        ref=RefSettings(branch=BRANCH),
        poll_interval=timedelta(seconds=1),
        sync_interval=timedelta(seconds=30),
    )
