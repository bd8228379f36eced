"""HelmReleases as the bench sees them: written by it, followed by a watch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from bench.contestant import BenchFailed
from bench.world import NAMESPACE, World
from helmward.kube.meta import Meta
from helmward.kube.resources import Resource
from helmward.runtime.informer import EventType, Informer

PATIENCE: Final = 600.0

Place = tuple[str, str]
"""Namespace and name."""


def place(release: str) -> Place:
    """Read `name` or `namespace/name`."""
    namespace, _, name = release.rpartition("/")
    return namespace or NAMESPACE, name


class _Condition(msgspec.Struct, frozen=True):
    type: str
    status: str
    message: str = ""


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    observed_generation: int = 0
    conditions: tuple[_Condition, ...] = ()


class HelmRelease(msgspec.Struct, frozen=True):
    """What is read of a HelmRelease to know whether it is ready."""

    metadata: Meta
    status: _Status = _Status()

    def ready(self, generation: int = 0) -> bool:
        """Tell whether it is Ready in this generation or a later one."""
        return self.status.observed_generation >= generation and any(
            one.type == "Ready" and one.status == "True" for one in self.status.conditions
        )


Holds = Callable[[HelmRelease | None], bool]


class Waiting:
    """Follows the HelmReleases and lets those go on who wait for one."""

    def __init__(self, informer: Informer[HelmRelease]) -> None:
        self._store = informer.store
        self._waiting: dict[Place, tuple[Holds, asyncio.Event]] = {}
        informer.subscribe(self._changed)

    async def until(self, at: Place, holds: Holds) -> None:
        """Wait until what is known of a HelmRelease is so.

        Raises:
            BenchFailed: it took too long; the message says what was the case then.
        """
        if holds(self._store.get(*at)):
            return
        event = asyncio.Event()
        self._waiting[at] = (holds, event)
        try:
            async with asyncio.timeout(PATIENCE):
                await event.wait()
        except TimeoutError:
            found = self._store.get(*at)
            raise BenchFailed(f"{at[1]} after {PATIENCE:.0f} s: {found}") from None
        finally:
            del self._waiting[at]

    def _changed(self, _: EventType, old: HelmRelease | None, new: HelmRelease | None) -> None:
        one = new or old
        at = (one.metadata.namespace, one.metadata.name) if one else ("", "")
        if at not in self._waiting:
            return
        holds, event = self._waiting[at]
        if holds(new):
            event.set()


@asynccontextmanager
async def followed(world: World, resource: Resource) -> AsyncIterator[Waiting]:
    """Watch the HelmReleases of all namespaces for the time of the block."""
    decoder = msgspec.json.Decoder(HelmRelease)
    informer = Informer(world.bench, resource, decode=decoder.decode)
    watching = asyncio.create_task(informer.run())
    try:
        await informer.synced.wait()
        yield Waiting(informer)
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def document(
    world: World, resource: Resource, release: str, values: dict[str, Any], **spec: Any
) -> dict[str, Any]:
    """Return the HelmRelease of the world's chart, with more of a spec if given."""
    namespace, name = place(release)
    chart = {
        "repository": world.repository,
        "name": world.archive.about["name"],
        "version": "1.0.0",
    }
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"releaseName": name, "chart": chart, "values": values} | spec,
    }
