"""`python bench/sources.py`: what charts cost that many releases share.

One chart is pulled 200 times by the engine, from a repository with a small
index and from one with an index of 60 MB, beside the `helm` program with its
own cache (`helm repo add`, then `helm pull`). No cluster is needed.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

from aiohttp import web

ROOT: Final = Path(__file__).resolve().parent.parent
# Not this folder itself: its modules must not stand in for others of the same name.
if sys.path[0] == str(ROOT / "bench"):
    sys.path[0] = str(ROOT)

from bench import meter  # noqa: E402
from bench.large_index import MIB, large_index  # noqa: E402
from helmward.demo.pack import Archive, index, pack  # noqa: E402
from helmward.engine import Engine, EngineProcess  # noqa: E402
from helmward.model import ChartRef  # noqa: E402
from helmward.settings import EngineSettings  # noqa: E402

PULLS: Final = 200
BY_HELM: Final = 5
"""Each pull by `helm` costs the same: a few tell."""
HELM: Final = ROOT / "src" / "helmward" / "_bin" / "helm"
YOUNG: Final = timedelta(minutes=5)
LONG: Final = timedelta(seconds=120)
HEADS: Final = (
    "contestant",
    "index MB",
    "index requests",
    "downloads",
    "first pull s",
    "each further ms",
    "x helm",
    "RSS MB after",
    "peak RSS MB",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one contestant needed with one repository."""

    name: str
    index: int
    requests: int
    downloads: int
    first: float
    further: float
    """Seconds of each further pull."""
    rss: float | None
    """Megabytes right after the first pull; None where no process stays."""
    peak: float | None


@dataclass(frozen=True, slots=True)
class Repository:
    """A chart repository that counts."""

    url: str
    size: int
    asked: Counter[str]


@asynccontextmanager
async def repository(archive: Archive, listed: bytes) -> AsyncIterator[Repository]:
    """Serve an index, with a tag, and one archive."""
    asked: Counter[str] = Counter()
    tag = f'"{hashlib.sha256(listed).hexdigest()[:16]}"'

    async def serve(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        asked[name] += 1
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        if name == "index.yaml":
            return web.Response(body=listed, headers={"ETag": tag})
        return web.Response(body=archive.content)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield Repository(f"http://{host}:{port}", len(listed), asked)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def an_engine(folder: Path) -> AsyncIterator[EngineProcess]:
    """Run an engine without a cluster."""
    process = EngineProcess(settings=EngineSettings(cache=folder))
    task = asyncio.create_task(process.run())
    try:
        async with asyncio.timeout(15):
            await process.ready.wait()
        yield process
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def by_engine(archive: Archive, of: Repository, folder: Path) -> Row:
    """Pull once, then all the other times at once."""
    chart = ChartRef(of.url, archive.about["name"], archive.about["version"])
    async with an_engine(folder / "cache") as process:
        engine = Engine(process)

        async def pull() -> None:
            await engine.pull_chart(chart, max_index_age=YOUNG, deadline=LONG)

        began = perf_counter()
        await pull()
        first = perf_counter() - began
        rss = (await engine.stats()).rss_bytes / MIB
        began = perf_counter()
        await asyncio.gather(*(pull() for _ in range(PULLS - 1)))
        further = (perf_counter() - began) / (PULLS - 1)
        peak = meter.peak(process.pid or 0)
    requests, downloads = of.asked["index.yaml"], of.asked[archive.filename]
    return Row("Helmward", of.size, requests, downloads, first, further, rss, peak)


async def by_helm(archive: Archive, of: Repository, folder: Path) -> Row:
    """Add the repository and pull; each further pull is one more process."""
    helm = Helm(folder)
    reference = ("pull", f"bench/{archive.about['name']}", "--version", archive.about["version"])
    began = perf_counter()
    await helm.run("repo", "add", "bench", of.url)
    await helm.run(*reference)
    first = perf_counter() - began
    began = perf_counter()
    for _ in range(BY_HELM):
        await helm.run(*reference)
    further = (perf_counter() - began) / BY_HELM
    asked = of.asked
    downloads = asked[archive.filename] * PULLS // (BY_HELM + 1)
    return Row(
        "helm", of.size, asked["index.yaml"], downloads, first, further, None, helm.peak / MIB
    )


class Helm:
    """The `helm` program in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.peak = 0.0
        self._folder = folder
        self._environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "HELM_CACHE_HOME": str(folder / "cache"),
            "HELM_CONFIG_HOME": str(folder / "config"),
            "HELM_DATA_HOME": str(folder / "data"),
        }

    async def run(self, *words: str) -> None:
        """Run it once, and note the most memory that it had."""
        self.peak = max(self.peak, await asyncio.to_thread(self._spawn, words))

    def _spawn(self, words: Sequence[str]) -> float:
        process = subprocess.Popen(
            [HELM, *words],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"helm {' '.join(words)}: code {process.returncode}")
        return used.ru_maxrss * 1024.0


async def measure() -> list[Row]:
    """Take one row after the other."""
    archive = pack(ROOT / "bench" / "chart")
    digest = hashlib.sha256(archive.content).hexdigest()
    name, version = archive.about["name"], archive.about["version"]
    contestants = [by_engine, by_helm] if HELM.exists() else [by_engine]
    rows = []
    for listed in (index([archive]), large_index(name, version, archive.filename, digest)):
        for contestant in contestants:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                async with repository(archive, listed) as of:
                    rows.append(await contestant(archive, of, Path(folder)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out in Markdown, the ratio to `helm` at the same repository."""
    by_helm = {row.index: row.further for row in rows if row.name == "helm"}
    lines = [HEADS, ("---",) + ("---:",) * (len(HEADS) - 1)]
    lines += [_cells(row, by_helm.get(row.index)) for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cells(row: Row, helm: float | None) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.index / MIB:.1f}",
        str(row.requests),
        str(row.downloads),
        f"{row.first:.2f}",
        f"{1000 * row.further:.1f}",
        _ratio(row.further, helm),
        f"{row.rss:.0f}" if row.rss else "-",
        f"{row.peak:.0f}" if row.peak else "-",
    )


def _ratio(further: float, helm: float | None) -> str:
    if not helm:
        return "-"
    return "1" if further == helm else f"1/{helm / further:,.0f}"


if __name__ == "__main__":
    print(f"{PULLS} pulls of one chart on {os.cpu_count()} cores\n")
    print(table(asyncio.run(measure())))
