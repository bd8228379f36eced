"""Where a contestant works: a fresh control plane, a chart, an idle machine to begin on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench import meter
from bench.loads import WITH_PODS, Load
from bench.meter import AuditLog
from helmward.demo.pack import Archive, pack
from helmward.demo.shelf import chart_repository
from helmward.devplane import Plane, running_plane
from helmward.kube import Kube, load_config
from helmward.kube.resources import NAMESPACES

NAMESPACE: Final = "bench"
BENCH_USER: Final = (("Impersonate-User", "bench"), ("Impersonate-Group", "system:masters"))
LOOK: Final = 1.0
"""Seconds over which idleness is judged."""
AT_REST: Final = 0.1
"""CPU seconds in that time below which nothing but heartbeats goes on."""
PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class World:
    """One control plane with one empty namespace, for one contestant."""

    plane: Plane
    kube: Kube
    """A client whose requests count for the contestant."""
    bench: Kube
    """A client whose requests do not."""
    audit: AuditLog
    folder: Path
    load: Load
    archive: Archive
    repository: str
    """URL of the chart repository."""
    parts: Mapping[str, int]
    """Processes of the plane, by the name of the component."""

    def plane_cpu(self) -> dict[str, float]:
        """Return the seconds that each part of the plane has used so far."""
        return {name: meter.cpu(pid) for name, pid in self.parts.items()}

    async def idle(self, others: Iterable[int] = ()) -> None:
        """Wait until controllers, pods and the processes given have come to rest."""
        pids = (*self.parts.values(), *others)
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PATIENCE
        while loop.time() < give_up:
            before = meter.family_cpu(pids)
            await asyncio.sleep(LOOK)
            if meter.family_cpu(pids) - before < AT_REST:
                return


@asynccontextmanager
async def fresh_world(
    folder: Path, say: Callable[[str], None], load: Load = WITH_PODS
) -> AsyncIterator[World]:
    """Start a control plane in `folder`, with an empty namespace and a chart repository."""
    log, archive = folder / "audit.jsonl", pack(load.chart)
    async with (
        running_plane(folder / "plane", unsafe_no_fsync=True, audit_log=log) as plane,
        Kube(load_config(str(plane.kubeconfig))) as kube,
        Kube(replace(kube.config, impersonate=BENCH_USER)) as bench,
        chart_repository([archive]) as repository,
    ):
        say(f"  control plane {plane.version} ready after {plane.seconds:.1f} s")
        await bench.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
        parts = {meter.words(pid)[1]: pid for pid in meter.children(plane.pid)}
        yield World(plane, kube, bench, AuditLog(log), folder, load, archive, repository, parts)
