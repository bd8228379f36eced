"""A release whose objects are watched."""

from collections.abc import AsyncIterator

import pytest

from helmward.kube import Kube
from helmward.model import ReleaseRef
from tests.support.released import (
    Watcher,
    deploy,
    maps,
    watching,
)
from tests.support.wait import until


@pytest.fixture
def release(namespace: str) -> ReleaseRef:
    return ReleaseRef(namespace, "shop")


@pytest.fixture
async def watcher(kube: Kube, namespace: str, release: ReleaseRef) -> AsyncIterator[Watcher]:
    """A release of two ConfigMaps, `a` and `b`, followed."""
    await deploy(kube, release, *maps(namespace, "a", "b"))
    async with watching(kube, namespace) as made:
        await made.sees()
        await until(lambda: not made.awake.unknown(made.newest(release)))
        yield made
