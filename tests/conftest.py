"""What every test may ask for: a real control plane, a client, a namespace of its own."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from hypothesis import settings

from helmward.kube import Kube, load_config
from helmward.kube.resources import NAMESPACES
from tests.support.plane import Plane, running_plane

# How long one example takes says more about the machine's other work than about ours.
settings.register_profile("helmward", deadline=None)
settings.load_profile("helmward")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what programs fetch away from the user's own folders, and from former runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELMWARD_ENGINE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands that run within a test say how this process logs from then on: not beyond it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    """One control plane for all tests of this process; nobody may stop its parts."""
    with running_plane() as running:
        yield running


@pytest.fixture(scope="module")
def own_plane() -> Iterator[Plane]:
    """A control plane of which a test may stop the API server."""
    with running_plane() as running:
        yield running


@pytest.fixture
async def kube(plane: Plane) -> AsyncIterator[Kube]:
    """A client of the shared plane with all rights."""
    async with Kube(load_config(plane.kubeconfig)) as client:
        yield client


@pytest.fixture
async def namespace(kube: Kube) -> AsyncIterator[str]:
    """A fresh namespace; its deletion is asked for, not awaited."""
    name = f"test-{secrets.token_hex(4)}"
    await kube.create(NAMESPACES, {"metadata": {"name": name}})
    yield name
    await kube.delete(NAMESPACES, name)
