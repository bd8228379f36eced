"""Helmward as a user runs it: `helmward operator` with its defaults, asked by HelmReleases."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import meter
from bench.contestant import BenchFailed
from bench.results import HELMWARD, Usage, Verb
from bench.world import INSTALLED, NAMESPACE, UPGRADED, World
from helmward.apis.v1beta1 import RESOURCE
from helmward.demo.cluster import install_crds
from helmward.kube.meta import Meta
from helmward.runtime.informer import EventType, Informer

IN_FLIGHT: Final = 16
VALUES: Final = {Verb.INSTALL: INSTALLED, Verb.UPGRADE: UPGRADED}
PATIENCE: Final = 300.0
LOOK: Final = 0.05
PROFILED: Final = Path(__file__).parent / "profiled.py"
READY: Final = '"event": "ready"'


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

    def ready(self, generation: int) -> bool:
        """Tell whether it is Ready in this generation or a later one."""
        return self.status.observed_generation >= generation and any(
            one.type == "Ready" and one.status == "True" for one in self.status.conditions
        )


class Waiting:
    """Follows the HelmReleases and lets those go on who wait for one."""

    def __init__(self, informer: Informer[HelmRelease]) -> None:
        self._store = informer.store
        self._waiting: dict[str, tuple[Callable[[HelmRelease | None], bool], asyncio.Event]] = {}
        informer.subscribe(self._changed)

    async def until(self, name: str, holds: Callable[[HelmRelease | None], bool]) -> None:
        """Wait until what is known of a HelmRelease is so.

        Raises:
            BenchFailed: it took too long; the message says what was the case then.
        """
        if holds(self._store.get(NAMESPACE, name)):
            return
        event = asyncio.Event()
        self._waiting[name] = (holds, event)
        try:
            async with asyncio.timeout(PATIENCE):
                await event.wait()
        except TimeoutError:
            found = self._store.get(NAMESPACE, name)
            raise BenchFailed(f"{name} after {PATIENCE:.0f} s: {found}") from None
        finally:
            del self._waiting[name]

    def _changed(self, _: EventType, old: HelmRelease | None, new: HelmRelease | None) -> None:
        one = new or old
        if one is None or one.metadata.name not in self._waiting:
            return
        holds, event = self._waiting[one.metadata.name]
        if holds(new):
            event.set()


class Helmward:
    """Writes HelmReleases and waits for what the operator makes of them."""

    name = HELMWARD

    def __init__(self, world: World, waiting: Waiting, operator: int) -> None:
        self._world = world
        self._waiting = waiting
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._operator = operator
        self._engine = meter.child(operator, "engine")

    @property
    def pids(self) -> Sequence[int]:
        """The operator and its engine."""
        return (self._operator, self._engine)

    async def perform(self, verb: Verb, release: str) -> None:
        """Write or delete one HelmRelease, and wait until it is Ready or gone."""
        if verb is Verb.UNINSTALL:
            async with self._slots:
                await self._world.bench.delete(RESOURCE, release, NAMESPACE)
            await self._waiting.until(release, lambda found: found is None)
            return
        async with self._slots:
            written = await self._world.bench.apply(
                self._document(release, VALUES[verb]), field_manager="bench", resource=RESOURCE
            )
        generation = written["metadata"]["generation"]
        await self._waiting.until(
            release, lambda found: found is not None and found.ready(generation)
        )

    def usage(self) -> Usage:
        """Return what operator and engine have used."""
        pids = {"operator": self._operator, "engine": self._engine}
        return Usage(
            {part: meter.cpu(pid) for part, pid in pids.items()},
            {part: meter.peak(pid) for part, pid in pids.items()},
        )

    def _document(self, release: str, values: dict[str, str]) -> dict[str, Any]:
        chart = {"repository": self._world.repository, "name": "bench", "version": "1.0.0"}
        return {
            "apiVersion": RESOURCE.api_version,
            "kind": RESOURCE.kind,
            "metadata": {"name": release, "namespace": NAMESPACE},
            "spec": {"releaseName": release, "chart": chart, "values": values},
        }


@asynccontextmanager
async def helmward(world: World, *, profile: Path | None = None) -> AsyncIterator[Helmward]:
    """Run the operator for the time of the block.

    Raises:
        BenchFailed: it ended by itself; the message ends with its last words.
    """
    await install_crds(world.bench)
    decoder = msgspec.json.Decoder(HelmRelease)
    informer = Informer(world.bench, RESOURCE, decode=decoder.decode, namespace=NAMESPACE)
    log = world.folder / "operator.log"
    process = await _start(world, log, profile)
    try:
        async with _beside(informer.run(), _fail_if_ended(process, log)):
            await _ready(log)
            await informer.synced.wait()
            yield Helmward(world, Waiting(informer), process.pid)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let some work run for the time of the block; if it fails, so does the block."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
            yield
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


async def _start(world: World, log: Path, profile: Path | None) -> asyncio.subprocess.Process:
    program = [str(PROFILED), str(profile)] if profile else ["-m", "helmward"]
    command = [sys.executable, *program, "operator"]
    command += ["--kubeconfig", str(world.plane.kubeconfig), "--log-format", "json"]
    command += ["--listen", "127.0.0.1:0"]
    # What a former run has fetched would flatter this one.
    command += ["--engine-cache", str(log.with_suffix(".cache"))]
    with log.open("wb") as said:
        return await asyncio.create_subprocess_exec(*command, stdout=said, stderr=said)


async def _ready(log: Path) -> None:
    """Wait until the operator says that it is ready."""
    while not any(READY in line for line in _said(log)):  # noqa: ASYNC110  # a file rings no bell
        await asyncio.sleep(LOOK)


async def _fail_if_ended(process: asyncio.subprocess.Process, log: Path) -> None:
    code = await process.wait()
    raise BenchFailed("\n".join([f"the operator ended with code {code}:", *_said(log)[-10:]]))


def _said(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()
