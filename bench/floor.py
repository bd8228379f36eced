"""The floor: the writes that Helm cannot do without, sent raw to the API server.

Nothing is rendered, nothing read, nothing decided. What is written is what
one release installed and upgraded by the engine has written, its name put in:
the same objects, release Secrets of the same size.
"""

import asyncio
import base64
import gzip
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec
import yaml

from bench.results import FLOOR, Usage, Verb
from bench.world import NAMESPACE, World
from helmward.engine import Engine, EngineProcess
from helmward.kube import Kube
from helmward.kube.resources import SECRETS
from helmward.model import Base, ChartRef, ReleaseRef, Status

Document = dict[str, Any]

IN_FLIGHT: Final = 16
MODEL: Final = "model-of-all"
DEADLINE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision: its release Secret, and the objects of its manifest in Helm's order."""

    secret: Document
    objects: tuple[Document, ...]

    def named(self, release: str) -> "Revision":
        """Return the same revision of a release of another name."""
        objects = tuple(_renamed(one, release) for one in self.objects)
        secret = _renamed(self.secret, release)
        payload = _unpacked(self.secret["data"]["release"]).replace(MODEL, release)
        secret["data"]["release"] = _packed(payload)
        return Revision(secret, objects)


class Floor:
    """Sends what has been prepared, 16 releases at a time, each one's writes in turn."""

    name = FLOOR
    pids: Sequence[int] = ()

    def __init__(self, kube: Kube, prepared: dict[str, tuple[Revision, Revision]]) -> None:
        self._kube = kube
        self._prepared = prepared
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._written: dict[str, Document] = {}

    async def perform(self, verb: Verb, release: str) -> None:
        """Send the writes of one verb for one release."""
        first, second = self._prepared[release]
        async with self._slots:
            match verb:
                case Verb.INSTALL:
                    await self._write(first)
                case Verb.UPGRADE:
                    await self._write(second)
                    await self._mark(first, Status.SUPERSEDED)
                case Verb.UNINSTALL:
                    await self._remove(first, second)

    def usage(self) -> Usage:
        """Return what this process has used."""
        return Usage({"client": time.process_time()})

    async def _write(self, revision: Revision) -> None:
        """Claim the revision, apply its objects, and say that it is deployed."""
        claim = _with_status(revision.secret, Status.PENDING_INSTALL)
        self._written[_name(claim)] = await self._kube.create(SECRETS, claim)
        for one in revision.objects:
            await self._kube.apply(one, field_manager="helm")
        await self._mark(revision, Status.DEPLOYED)

    async def _mark(self, revision: Revision, status: Status) -> None:
        name = _name(revision.secret)
        document = _with_status(self._written[name], status)
        self._written[name] = await self._kube.replace(SECRETS, document)

    async def _remove(self, first: Revision, second: Revision) -> None:
        await self._mark(second, Status.UNINSTALLING)
        for one in reversed(second.objects):
            resource = await self._kube.resource_for(one["apiVersion"], one["kind"])
            await self._kube.delete(resource, _name(one), NAMESPACE, propagation="Background")
        for revision in (first, second):
            await self._kube.delete(SECRETS, _name(revision.secret), NAMESPACE)


@asynccontextmanager
async def floor(world: World, releases: Iterable[str]) -> AsyncIterator[Floor]:
    """Prepare the writes of every release; nothing of that is measured."""
    first, second = await _model(world)
    prepared = {name: (first.named(name), second.named(name)) for name in releases}
    yield Floor(world.kube, prepared)


async def _model(world: World) -> tuple[Revision, Revision]:
    """Have the engine install and upgrade one release, and return what it wrote."""
    process = EngineProcess(kubeconfig=str(world.plane.kubeconfig))
    running = asyncio.create_task(process.run())
    try:
        engine, release = Engine(process), ReleaseRef(NAMESPACE, MODEL)
        await _release(engine, release, world)
        first, second = [await _read(world.kube, number) for number in (1, 2)]
        base = await engine.get(release)
        await engine.uninstall(
            release, base=base.base if base else Base(), why="a model", deadline=DEADLINE
        )
    finally:
        running.cancel()
        await asyncio.wait({running})
    return first, second


async def _release(engine: Engine, release: ReleaseRef, world: World) -> None:
    reference = ChartRef(world.repository, world.archive.about["name"], "1.0.0")
    chart = await engine.pull_chart(reference, max_index_age=DEADLINE, deadline=DEADLINE)
    base = Base()
    for verb, act in ((Verb.INSTALL, engine.install), (Verb.UPGRADE, engine.upgrade)):
        written = await act(
            release,
            chart=chart,
            values=msgspec.json.encode(world.load.values(verb)),
            base=base,
            why="a model",
            deadline=DEADLINE,
        )
        base = written.base


async def _read(kube: Kube, number: int) -> Revision:
    """Read a revision of the model: what its Secret says, less what the server adds."""
    found = await kube.get(SECRETS, f"sh.helm.release.v1.{MODEL}.v{number}", NAMESPACE)
    meta = {
        field: found["metadata"][field]
        for field in ("name", "namespace", "labels", "annotations")
        if field in found["metadata"]
    }
    secret = {name: found[name] for name in ("apiVersion", "kind", "type", "data")}
    manifest = msgspec.json.decode(_unpacked(found["data"]["release"]))["manifest"]
    return Revision(secret | {"metadata": meta}, tuple(_objects(manifest)))


def _objects(manifest: str) -> Iterable[Document]:
    for one in yaml.safe_load_all(manifest):
        if one:
            one["metadata"]["namespace"] = NAMESPACE
            yield one


def _renamed(document: Document, release: str) -> Document:
    text = msgspec.json.encode(document).decode().replace(MODEL, release)
    renamed: Document = msgspec.json.decode(text)
    return renamed


def _with_status(secret: Document, status: Status) -> Document:
    metadata = secret["metadata"]
    labels = metadata["labels"] | {"status": status.value}
    kept = {name: value for name, value in metadata.items() if name != "managedFields"}
    return secret | {"metadata": kept | {"labels": labels}}


def _unpacked(release: str) -> str:
    return gzip.decompress(base64.b64decode(base64.b64decode(release))).decode()


def _packed(payload: str) -> str:
    packed = gzip.compress(payload.encode(), compresslevel=6)
    return base64.b64encode(base64.b64encode(packed)).decode()


def _name(document: Document) -> str:
    name: str = document["metadata"]["name"]
    return name
