"""The `helm` program, built from the same SDK module as the engine, two at a time."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from bench.contestant import BenchFailed
from bench.results import HELM_CLI, Usage, Verb
from bench.world import NAMESPACE, World

AT_ONCE: Final = 2
MB: Final = 1024.0
BINARY: Final = Path(__file__).resolve().parent.parent / "src" / "helmward" / "_bin" / "helm"


class HelmCli:
    """One process of `helm` for each verb, with its defaults, the chart a local archive."""

    name = HELM_CLI
    pids: Sequence[int] = ()

    def __init__(self, world: World, chart: Path, values: dict[Verb, Path]) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._chart = chart
        self._values = values
        self._said = world.folder / "helm.log"
        self._environment = _environment(world)
        self._cpu = 0.0
        self._peak = 0.0

    async def perform(self, verb: Verb, release: str) -> None:
        """Run `helm` once, when fewer than two run."""
        words = [verb.value, release]
        if verb in self._values:
            words += [str(self._chart), "--values", str(self._values[verb])]
        async with self._slots:
            await self._run([*words, "--namespace", NAMESPACE])

    def usage(self) -> Usage:
        """Return what all of them together have used; the peak is that of one."""
        return Usage({"helm": self._cpu}, {f"{AT_ONCE} x": self._peak})

    async def _run(self, words: Sequence[str]) -> None:
        ended = await asyncio.to_thread(_spawn, words, self._environment, self._said)
        self._cpu += ended.cpu
        self._peak = max(self._peak, ended.peak)
        if ended.code:
            said = self._said.read_text(errors="replace").splitlines()[-5:]
            raise BenchFailed("\n".join([f"helm {' '.join(words)}: code {ended.code}", *said]))


@dataclass(frozen=True, slots=True)
class _Ended:
    code: int
    cpu: float
    peak: float


def _spawn(words: Sequence[str], environment: dict[str, str], said: Path) -> _Ended:
    """Run `helm` to its end; the kernel says of this very process what it used."""
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    streams = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, str(said), append, 0o600),
    ]
    pid = os.posix_spawn(BINARY, ["helm", *words], environment, file_actions=streams)
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return _Ended(code, used.ru_utime + used.ru_stime, used.ru_maxrss / MB)


def _environment(world: World) -> dict[str, str]:
    """Return an environment in which helm finds its caches, and nothing of the user's."""
    home = world.folder / "helm"
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(world.plane.kubeconfig),
        "HELM_CACHE_HOME": str(home / "cache"),
        "HELM_CONFIG_HOME": str(home / "config"),
        "HELM_DATA_HOME": str(home / "data"),
    }


@asynccontextmanager
async def helm_cli(world: World) -> AsyncIterator[HelmCli]:
    """Put the chart and both sets of values into files."""
    chart = world.folder / world.archive.filename
    chart.write_bytes(world.archive.content)
    values = {}
    for verb in (Verb.INSTALL, Verb.UPGRADE):
        values[verb] = world.folder / f"{verb}.yaml"
        values[verb].write_text(yaml.safe_dump(world.load.values(verb)))
    yield HelmCli(world, chart, values)
