"""Claims and fences: one writer a revision, nothing stays pending, nothing stale is written."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helmward.errors import Conflict, EngineLost, HelmwardError, ReleaseFailed
from helmward.kube.resources import CONFIG_MAPS
from helmward.model import Base, Chart, Revision, Status
from tests.support.helm import Helm, config_map, hook_job
from tests.support.wait import until
from tests.support.workloads import JOBS

SLOW = {"config.yaml": config_map("c"), "hook.yaml": hook_job("slow", "pre-install,pre-upgrade")}


async def stuck(helm: Helm, chart: Chart, **more: Any) -> tuple[asyncio.Task[Revision], Revision]:
    """Start an install that waits for a hook without end; return it with what is stored."""
    running = asyncio.Event()

    def on_phase(name: str, detail: str) -> None:
        if name == "hooks" and "running" in detail:
            running.set()

    task = asyncio.create_task(helm.install(chart, on_phase=on_phase, **more))
    async with asyncio.timeout(10):
        await running.wait()
    pending = await helm.engine.get(helm.ref())
    assert pending is not None
    assert pending.status == Status.PENDING_INSTALL
    return task, pending


async def test_of_two_installs_one_wins(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    both = await asyncio.gather(helm.install(chart), helm.install(chart), return_exceptions=True)
    losers = [one for one in both if isinstance(one, Conflict)]
    assert len(losers) == 1, both
    assert await helm.statuses() == ["1 deployed"]


async def test_of_two_upgrades_one_wins(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    first = await helm.install(chart)
    both = await asyncio.gather(
        *(helm.upgrade(first, chart) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, Revision) for one in both) == 1
    assert sum(isinstance(one, Conflict) for one in both) == 3
    assert await helm.statuses() == ["1 superseded", "2 deployed"]


async def test_a_stale_base_writes_nothing(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c", v="{{ .Values.v }}")})
    first = await helm.install(chart, {"v": "1"})
    await helm.upgrade(first, chart, {"v": "2"})
    for stale in (first, replace(first, number=0, uid="", resource_version="")):
        with pytest.raises(Conflict) as caught:
            await helm.upgrade(stale, chart, {"v": "3"}) if stale.number else await helm.install(
                chart, {"v": "3"}
            )
        assert caught.value.revision is None
    assert await helm.statuses() == ["1 superseded", "2 deployed"]
    assert await helm.data("c") == {"v": "2"}


async def test_a_claim_on_a_pruned_revision_is_withdrawn(helm: Helm) -> None:
    """Its name is free again, so the claim is taken: the list shows that it is late."""
    chart = await helm.chart({"config.yaml": config_map("c")})
    first = await helm.install(chart)
    newest = first
    for _ in range(3):
        newest = await helm.upgrade(newest, chart, max_history=2)
    assert await helm.statuses() == ["3 superseded", "4 deployed"]
    with pytest.raises(Conflict):
        await helm.install(chart)
    assert await helm.statuses() == ["3 superseded", "4 deployed"]


async def test_an_uninstall_on_a_stale_base_deletes_nothing(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    first = await helm.install(chart)
    await helm.upgrade(first, chart)
    with pytest.raises(Conflict):
        await helm.uninstall(first)
    assert await helm.data("c") is not None


async def test_killed_in_mid_install_it_is_unlocked_and_upgraded(helm: Helm) -> None:
    chart = await helm.chart(SLOW)
    task, pending = await stuck(helm, chart)
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await helm.another_process()
    with pytest.raises(EngineLost):
        await task
    assert await helm.statuses() == ["1 pending-install"]

    unlocked = await helm.engine.unlock(pending.release, base=pending.base, why="writer is gone")
    why = "installed by a test: writer is gone"
    assert (unlocked.status, unlocked.description) == (Status.FAILED, why)
    sound = await helm.chart({"config.yaml": config_map("c")}, version="2.0.0")
    upgraded = await helm.upgrade(unlocked, sound)
    assert upgraded.status == Status.DEPLOYED
    assert await helm.statuses() == ["1 failed", "2 deployed"]


async def test_unlocking_what_moved_on_is_a_conflict(helm: Helm) -> None:
    chart = await helm.chart({"config.yaml": config_map("c")})
    first = await helm.install(chart)
    for base in (first.base, replace(first.base, resource_version="1")):
        with pytest.raises(Conflict):
            await helm.engine.unlock(first.release, base=base, why="")
    assert await helm.statuses() == ["1 deployed"]


async def test_a_pending_revision_is_not_upgraded_over(helm: Helm) -> None:
    chart = await helm.chart(SLOW)
    task, pending = await stuck(helm, chart)
    with pytest.raises(Conflict, match="pending-install"):
        await helm.upgrade(pending, chart)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_cancelled_in_mid_install_it_is_failed_not_pending(helm: Helm) -> None:
    chart = await helm.chart(SLOW)
    task, _ = await stuck(helm, chart)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def failed() -> bool:
        return await helm.statuses() == ["1 failed"]

    await until(failed)
    assert await helm.outcome() == "cancelled"
    assert await helm.data("c") is None


async def test_cancelled_between_objects_it_writes_no_more_of_them(helm: Helm) -> None:
    """The SDK would go on in the background; the transport does not let it."""
    several = {f"{n}.yaml": config_map(f"c{n}") for n in range(200)}
    begun = asyncio.Event()
    chart = await helm.chart(several)
    task = asyncio.create_task(
        helm.install(chart, on_phase=lambda name, _: begun.set() if name == "applying" else None)
    )
    async with asyncio.timeout(10):
        await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def failed() -> bool:
        return await helm.statuses() == ["1 failed"]

    await until(failed)
    found, _ = await helm.kube.list(CONFIG_MAPS, helm.namespace)
    assert 1 <= len(found) < len(several)


async def test_a_deadline_ends_an_install_as_failed(helm: Helm) -> None:
    chart = await helm.chart(SLOW)
    with pytest.raises(ReleaseFailed, match="deadline") as caught:
        await helm.install(chart, deadline=timedelta(seconds=1))
    assert caught.value.revision.status == Status.FAILED
    assert await helm.statuses() == ["1 failed"]
    assert await helm.outcome() == "", "too long is a failure of its own"


async def test_told_to_stop_the_engine_records_what_runs_as_failed(helm: Helm) -> None:
    chart = await helm.chart(SLOW)
    task, _ = await stuck(helm, chart)
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGTERM)
    await helm.another_process()
    with pytest.raises(EngineLost):
        await task
    assert await helm.statuses() == ["1 failed"]
    assert await helm.outcome() == "cancelled"


async def test_a_claim_broken_by_another_stops_its_writer(helm: Helm) -> None:
    """Unlocked by somebody who believed it dead, it can no longer become deployed."""
    chart = await helm.chart(SLOW)
    task, pending = await stuck(helm, chart)
    await helm.engine.unlock(pending.release, base=pending.base, why="believed dead")
    sound = await helm.chart({"config.yaml": config_map("c")}, version="2.0.0")
    base = await helm.engine.get(helm.ref())
    assert base is not None
    await helm.upgrade(base, sound)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await helm.statuses() == ["1 failed", "2 deployed"]


@pytest.mark.parametrize("policy", ["hook-succeeded", "hook-failed", ""])
async def test_a_hook_left_by_a_killed_writer_goes_with_the_release(
    helm: Helm, policy: str
) -> None:
    """Nobody came to delete it as its policy says; one that was to stay stays."""
    hook = hook_job("slow", "pre-install", policy=policy)
    task, pending = await stuck(helm, await helm.chart({"hook.yaml": hook}))
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await helm.another_process()
    await asyncio.gather(task, return_exceptions=True)
    unlocked = await helm.engine.unlock(pending.release, base=pending.base, why="writer is gone")
    sound = await helm.chart({"config.yaml": config_map("c")}, version="2.0.0")
    upgraded = await helm.upgrade(unlocked, sound)
    assert await helm.live("slow", JOBS) is not None
    await helm.uninstall(upgraded)
    left = await helm.live("slow", JOBS)
    assert (left is None) == bool(policy)


async def test_a_failed_history_is_installed_over(helm: Helm) -> None:
    """What the failed revision left and the chart no longer has is deleted."""
    broken = {"a.yaml": config_map("left"), "b.yaml": config_map("Bad_Name")}
    with pytest.raises(ReleaseFailed) as caught:
        await helm.install(await helm.chart(broken))
    failed = caught.value.revision
    assert failed.status == Status.FAILED
    assert "Bad_Name" in failed.description

    sound = await helm.chart({"c.yaml": config_map("c")}, version="2.0.0")
    revision = await helm.install(sound, base=failed.base)
    assert (revision.number, revision.status) == (2, Status.DEPLOYED)
    assert await helm.data("left") is None
    assert await helm.statuses() == ["1 failed", "2 deployed"]


async def test_a_failed_upgrade_is_upgraded_over(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c", v="{{ .Values.v }}")})
    first = await helm.install(chart, {"v": "1"})
    bad = await helm.chart({"b.yaml": config_map("Bad_Name")}, version="2.0.0")
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(first, bad)
    assert await helm.statuses() == ["1 deployed", "2 failed"]
    await helm.upgrade(caught.value.revision, chart, {"v": "3"})
    assert await helm.statuses() == ["1 superseded", "2 failed", "3 deployed"]
    assert await helm.data("c") == {"v": "3"}


async def test_a_failed_release_is_uninstalled_with_all_it_has(helm: Helm) -> None:
    """Objects of the deployed revision too, which the failed one no longer lists."""
    first = await helm.install(await helm.chart({"c.yaml": config_map("c")}))
    bad = await helm.chart({"b.yaml": config_map("Bad_Name")}, version="2.0.0")
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(first, bad)
    await helm.uninstall(caught.value.revision)
    assert await helm.data("c") is None
    assert await helm.statuses() == []


async def test_sixteen_at_once(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("{{ .Release.Name }}", v="{{ .Values.v }}")})
    names = [f"web-{number}" for number in range(16)]
    firsts = await asyncio.gather(*(helm.install(chart, {"v": "1"}, name=name) for name in names))
    await asyncio.gather(*(helm.upgrade(first, chart, {"v": "2"}) for first in firsts))
    for name in names:
        assert await helm.data(name) == {"v": "2"}
    stats = await helm.engine.stats()
    assert stats.charts_cached == 1
    assert stats.releases_cached == 16
    assert not [line for line in helm.logs if line["level"] == "ERROR"]


async def test_an_error_of_any_kind_is_ours(helm: Helm) -> None:
    chart = Chart(digest="sha256:" + "0" * 64, name="app", version="1.0.0")
    with pytest.raises(HelmwardError, match="pull it again"):
        await helm.install(chart)
    assert Base() == Base(0, "", "")
