"""`python bench/syncs.py`: a commit changes 1 of 2,000 manifests, until the cluster has it.

Helmward follows the repository and is told of each push by its hook. The
baseline is what a pipeline does, and what Flux v1 did at each sync: `kubectl
apply` of everything that the repository has, client-side and server-side.
"""

import asyncio
import os
import resource
import signal
import socket
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import aiohttp

ROOT: Final = Path(__file__).resolve().parent.parent
# Not this folder itself: its modules must not stand in for others of the same name.
if sys.path[0] == str(ROOT / "bench"):
    sys.path[0] = str(ROOT)

from bench import meter  # noqa: E402
from bench.contestant import BenchFailed  # noqa: E402
from bench.manifests import edited, files, name_of  # noqa: E402
from bench.world import World, fresh_world  # noqa: E402
from helmward.apis.gitsync import RESOURCE as GIT_SYNCS  # noqa: E402
from helmward.demo.repository import Repository  # noqa: E402
from helmward.errors import NotFound  # noqa: E402
from helmward.kube.resources import CONFIG_MAPS, NAMESPACES  # noqa: E402
from helmward.model import REQUESTED_AT  # noqa: E402

MANIFESTS: Final = 2_000
COMMITS: Final = 10
PATIENCE: Final = 600.0
LOOK: Final = 0.005
NAME: Final = "main"
"""What Helmward calls the repository."""
KUBECTL: Final = Path(sys.executable).parent / "kubectl"
HEADS: Final = (
    *("", "pushed to applied s", "x Helmward", "API requests", "CPU ms", "API server CPU ms"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one commit costs by one way of applying it."""

    name: str
    seconds: float
    requests: float
    cpu: float
    """Milliseconds of who applies."""
    plane: float
    """Milliseconds of the API server."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Helmward, following the repository."""

    pid: int
    port: int
    url: str

    async def told(self) -> None:
        """Ring the hook that Flux's receivers ring."""
        body = {"Kind": "git", "Source": {"URL": self.url, "Branch": "main"}}
        address = f"http://127.0.0.1:{self.port}/api/flux/v11/notify"
        async with aiohttp.ClientSession() as client, client.post(address, json=body) as answer:
            answer.raise_for_status()


async def main() -> None:
    """Measure all three in one run, and print them side by side."""
    print(f"1 of {MANIFESTS} manifests changes, {COMMITS} times, on {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with fresh_world(Path(folder), print) as at:
            client = await by_kubectl(at, "kubectl apply")
            server = await by_kubectl(at, "kubectl apply --server-side", "--server-side")
            ours = await by_helmward(at)
    print(table([*ours, client, server]))


async def by_kubectl(at: World, name: str, *flags: str) -> Row:
    """Apply a folder once, change one file, and measure its being applied again."""
    namespace = f"bench-{len(flags)}"
    folder, _ = await a_repository(at, namespace)
    apply = ("apply", *flags, "--recursive", "--filename", str(folder.folder))
    await kubectl(at, *apply)
    await at.idle()
    await change(folder, namespace, 0, "1")
    mark, plane, used = at.audit.mark(), at.plane_cpu(), children_cpu()
    started = perf_counter()
    await kubectl(at, *apply)
    seconds = perf_counter() - started
    requests = at.audit.since(mark).total()
    return Row(
        name,
        seconds,
        requests,
        1000 * (children_cpu() - used),
        1000 * (server(at.plane_cpu()) - server(plane)),
    )


async def by_helmward(at: World) -> list[Row]:
    """Let Helmward apply everything once, then measure commit by commit, and a check of all."""
    namespace = "bench-followed"
    repository, _ = await a_repository(at, namespace)
    async with following(at, repository) as follower:
        started = perf_counter()
        await until_value(at, namespace, MANIFESTS // 8 - 1, "0")
        print(f"  first sync of {MANIFESTS} manifests: {perf_counter() - started:.1f} s")
        await at.idle([follower.pid])
        rows = [await one_commit(at, repository, namespace, follower, n) for n in range(COMMITS)]
        commit = Row(
            "Helmward",
            statistics.median(row.seconds for row in rows),
            statistics.mean(row.requests for row in rows),
            statistics.mean(row.cpu for row in rows),
            statistics.mean(row.plane for row in rows),
        )
        print(f"  slowest of the commits: {max(row.seconds for row in rows):.2f} s")
        check = await one_check(at, follower)
        print(f"  peak RSS {meter.peak(follower.pid):.0f} MB")
        return [commit, check]


async def one_check(at: World, follower: Follower) -> Row:
    """Have every object looked at, as at each sync interval, though nothing has changed."""
    mark, plane, used = at.audit.mark(), at.plane_cpu(), meter.cpu(follower.pid)
    started = perf_counter()
    asked = {"metadata": {"annotations": {REQUESTED_AT: "now"}}}
    await at.bench.patch(GIT_SYNCS, NAME, "default", asked)
    async with asyncio.timeout(PATIENCE):
        while await handled(at) != "now":  # noqa: ASYNC110  # few looks
            await asyncio.sleep(LOOK)
    seconds = perf_counter() - started
    await at.idle([follower.pid])
    return Row(
        "Helmward, all looked at, nothing changed",
        seconds,
        at.audit.since(mark).total(),
        1000 * (meter.cpu(follower.pid) - used),
        1000 * (server(at.plane_cpu()) - server(plane)),
    )


async def handled(at: World) -> Any:
    """Return the wish that was acted on last."""
    status = (await at.bench.get(GIT_SYNCS, NAME, "default")).get("status") or {}
    return status.get("lastHandledReconcileAt")


async def one_commit(
    at: World, repository: Repository, namespace: str, follower: Follower, number: int
) -> Row:
    """Push one change, ring, and wait until the cluster has it; then until all is at rest."""
    value = f"changed {number}"
    await change(repository, namespace, number, value)
    mark, plane, used = at.audit.mark(), at.plane_cpu(), meter.cpu(follower.pid)
    started = perf_counter()
    await follower.told()
    await until_value(at, namespace, number, value)
    seconds = perf_counter() - started
    await at.idle([follower.pid])
    requests = at.audit.since(mark).total()
    return Row(
        "",
        seconds,
        requests,
        1000 * (meter.cpu(follower.pid) - used),
        1000 * (server(at.plane_cpu()) - server(plane)),
    )


async def a_repository(at: World, namespace: str) -> tuple[Repository, str]:
    """Make a namespace, and a repository with all its manifests."""
    await at.bench.create(NAMESPACES, {"metadata": {"name": namespace}})
    repository = Repository(at.folder / namespace)
    await repository.create()
    content = files(MANIFESTS, namespace)
    for path in content:
        (repository.folder / path).parent.mkdir(exist_ok=True)
    return repository, await repository.commit(content, "everything")


async def change(repository: Repository, namespace: str, number: int, value: str) -> None:
    """Commit another value of one ConfigMap."""
    await repository.commit(dict([edited(number, namespace, value)]), value)


async def until_value(at: World, namespace: str, number: int, value: str) -> None:
    """Wait until a ConfigMap has a value."""
    async with asyncio.timeout(PATIENCE):
        while await value_of(at, namespace, number) != value:  # noqa: ASYNC110  # few looks
            await asyncio.sleep(LOOK)


async def value_of(at: World, namespace: str, number: int) -> Any:
    """Return what a ConfigMap holds; None where there is none."""
    try:
        return (await at.bench.get(CONFIG_MAPS, name_of(number), namespace))["data"]["value"]
    except NotFound:
        return None


@asynccontextmanager
async def following(at: World, repository: Repository) -> AsyncIterator[Follower]:
    """Run `helmward sync` for the time of the block; only its hook makes it look."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = at.folder / "sync.log"
    command = [sys.executable, "-m", "helmward", "sync", "--git-url", repository.url]
    command += ["--kubeconfig", str(at.plane.kubeconfig), "--listen", f"127.0.0.1:{port}"]
    command += ["--git-poll-interval", "1h", "--sync-interval", "1h", "--sync-timeout", "10m"]
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, stdout=said, stderr=said)
    try:
        yield Follower(process.pid, port, repository.url)
    except TimeoutError:
        raise BenchFailed(log.read_text(errors="replace")[-2000:]) from None
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def kubectl(at: World, *words: str) -> None:
    """Run kubectl to its end.

    Raises:
        BenchFailed: with its own last words.
    """
    process = await asyncio.create_subprocess_exec(
        *(str(KUBECTL), "--kubeconfig", str(at.plane.kubeconfig), *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise BenchFailed(said.decode(errors="replace")[-2000:])


def children_cpu() -> float:
    """Return the seconds that programs have used that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def server(parts: dict[str, float]) -> float:
    """Return the seconds of the API server alone."""
    return parts["kube-apiserver"]


def table(rows: list[Row]) -> str:
    """Write the rows in Markdown; ratios are to the first, which is ours."""
    first = rows[0].seconds
    lines = [f"| {' | '.join(HEADS)} |", f"| --- |{' ---: |' * (len(HEADS) - 1)}"]
    lines += [
        f"| {row.name} | {row.seconds:.2f} | {row.seconds / first:.1f} | {row.requests:.0f} |"
        f" {row.cpu:.0f} | {row.plane:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
