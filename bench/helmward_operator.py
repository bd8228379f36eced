"""Helmward as a user runs it: `helmward operator` with its defaults, asked by HelmReleases."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from bench.helmreleases import Waiting, document, followed, place
from bench.operator_process import Operator, operator
from bench.results import HELMWARD, Usage, Verb
from bench.world import World
from helmward.apis.v1beta1 import RESOURCE
from helmward.demo.cluster import install_crds
from helmward.kube.resources import Resource

IN_FLIGHT: Final = 16


class Helmward:
    """Writes HelmReleases and waits for what the operator makes of them."""

    name = HELMWARD

    def __init__(
        self,
        world: World,
        waiting: Waiting,
        process: Operator,
        resource: Resource = RESOURCE,
        spec: Mapping[str, Any] | None = None,
    ) -> None:
        self._world = world
        self._waiting = waiting
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._resource = resource
        self._spec = dict(spec or {})
        self.process = process

    @property
    def pids(self) -> Sequence[int]:
        """The operator and its engine."""
        return self.process.pids

    async def perform(self, verb: Verb, release: str) -> None:
        """Write or delete one HelmRelease, and wait until it is Ready or gone."""
        if verb is Verb.UNINSTALL:
            await self._delete(release)
        else:
            await self.declare(release, self._world.load.values(verb))

    async def declare(self, release: str, values: dict[str, Any], **spec: Any) -> None:
        """Write one HelmRelease, and wait until it is Ready."""
        wanted = document(self._world, self._resource, release, values, **(self._spec | spec))
        async with self._slots:
            written = await self._world.bench.apply(
                wanted, field_manager="bench", resource=self._resource
            )
        generation = written["metadata"]["generation"]
        await self._waiting.until(
            place(release), lambda found: found is not None and found.ready(generation)
        )

    async def _delete(self, release: str) -> None:
        namespace, name = place(release)
        async with self._slots:
            await self._world.bench.delete(self._resource, name, namespace)
        await self._waiting.until((namespace, name), lambda found: found is None)

    def usage(self) -> Usage:
        """Return what operator and engine have used."""
        return self.process.usage()


@asynccontextmanager
async def helmward(
    world: World,
    *flags: str,
    program: Sequence[str] = ("-m", "helmward"),
    resource: Resource = RESOURCE,
    spec: Mapping[str, Any] | None = None,
) -> AsyncIterator[Helmward]:
    """Run the operator for the time of the block, and follow the HelmReleases of one kind.

    Raises:
        BenchFailed: it ended by itself; the message ends with its last words.
    """
    await install_crds(world.bench)
    async with (
        operator(world, *flags, program=program) as process,
        followed(world, resource) as waiting,
    ):
        yield Helmward(world, waiting, process, resource, spec)
