"""Crashes: of the engine, of the operator, of the API server. Nothing stays stuck."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from helmward.errors import ClusterUnavailable
from helmward.kube import Kube, load_config
from helmward.kube.resources import NAMESPACES
from tests.support.charts import ChartRepo
from tests.support.operator import Releases, install_crds, running, settings_for
from tests.support.plane import Plane
from tests.support.processes import children, lives
from tests.support.wait import until

HELMWARD = Path(sys.executable).with_name("helmward")


async def pending(releases: Releases, release: str) -> bool:
    found = await releases.revisions(release)
    return bool(found) and found[-1]["info"]["status"].startswith("pending-")


async def test_an_engine_killed_in_mid_install_leaves_nothing_pending(
    operator: Releases,
) -> None:
    """The claim tells whose the pending revision is: it is unlocked and gone on with."""
    release = f"{operator.namespace}-slow"
    await operator.apply("slow", chart={"name": "slow"})
    await until(lambda: pending(operator, release))
    for engine in children(os.getpid(), "engine"):
        os.kill(engine, signal.SIGKILL)
    status = await operator.ready("slow")
    assert status["releaseStatus"] == "DEPLOYED"
    first, second = await operator.revisions(release)
    assert first["info"]["status"] == "failed"
    assert "left pending-install" in first["info"]["description"]
    assert second["info"]["status"] == "deployed"


@asynccontextmanager
async def operator_process(plane: Plane) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the operator as users do: a process of its own."""
    process = await asyncio.create_subprocess_exec(
        str(HELMWARD),
        "operator",
        f"--kubeconfig={plane.kubeconfig}",
        "--listen=127.0.0.1:0",
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def test_an_operator_killed_in_mid_install_is_followed_by_the_next(
    plane: Plane, releases: Releases
) -> None:
    """Its Lease runs out, then the next one breaks the claim; its engine died with it."""
    release = f"{releases.namespace}-slow"
    async with operator_process(plane) as first:
        await releases.apply("slow", chart={"name": "slow"})
        await until(lambda: pending(releases, release), within=20)
        left = children(first.pid, "engine")
        first.kill()
        await first.wait()
        await until(lambda: not any(lives(one) for one in left))
    async with operator_process(plane) as second:
        status = await releases.ready("slow", within=60)
        assert status["releaseStatus"] == "DEPLOYED"
        await releases.clear()
        assert second.returncode is None


async def test_a_clean_stop_in_mid_install_leaves_nothing_pending(
    plane: Plane, releases: Releases
) -> None:
    """SIGTERM cancels what is under way; it is stored as failed."""
    release = f"{releases.namespace}-slow"
    async with operator_process(plane) as process:
        await releases.apply("slow", chart={"name": "slow"})
        await until(lambda: pending(releases, release), within=20)
        process.terminate()
        assert await process.wait() == 0
    (only,) = await releases.revisions(release)
    assert only["info"]["status"] == "failed"
    async with running(settings_for(plane.kubeconfig)):
        await releases.ready("slow")
        await releases.clear()


@pytest.mark.timeout(240)
async def test_the_api_server_may_go_away_for_a_while(own_plane: Plane, repo: ChartRepo) -> None:
    """Long enough to lose the session: all writing stops, and begins anew by itself."""
    async with Kube(load_config(own_plane.kubeconfig)) as kube:
        await kube.create(NAMESPACES, {"metadata": {"name": "away"}})
        await install_crds(kube)
        releases = Releases(kube, "away", repo.url)
        with capture_logs() as logs:
            async with running(settings_for(own_plane.kubeconfig)):
                await releases.apply("before")
                await releases.ready("before")
                await own_plane.stop_api_server()
                lost = "no session: nothing is written"
                await until(lambda: any(one["event"] == lost for one in logs), within=40)
                with pytest.raises(ClusterUnavailable):
                    await releases.get("before")
                await own_plane.start_api_server()
                await until(lambda: _applied(releases, "after"), within=30)
                await releases.ready("after", within=60)
                assert (await releases.status("before"))["releaseRevision"] == 1


async def _applied(releases: Releases, name: str) -> bool:
    try:
        await releases.apply(name)
    except ClusterUnavailable:
        return False
    return True
