"""Fences: nothing is written in the name of a session that has ended; stamps."""

import asyncio
import json
import os
import signal
import time
from datetime import timedelta
from typing import Any

import pytest

from helmward.engine import ActionOptions
from helmward.engine.options import OnPhase, WriterId
from helmward.errors import SessionLost, SpecInvalid
from helmward.kube.resources import CONFIG_MAPS, Resource
from helmward.model import Base, Chart, Revision
from tests.support.helm import SOON, Helm, config_map, hook_job
from tests.support.wait import until
from tests.support.workloads import LONG

SESSION = "ns/operator-1"
FENCE = "helmward.dev/fence"
SLOW = {"config.yaml": config_map("c"), "hook.yaml": hook_job("slow", "pre-install,pre-upgrade")}
SERVICES = Resource("", "v1", "services", "Service")


def a_writer(seconds: float, session: str = SESSION) -> WriterId:
    return WriterId(session=session, epoch=3, valid=timedelta(seconds=seconds))


def install(
    helm: Helm, chart: Chart, writer: WriterId, on_phase: OnPhase | None = None
) -> "asyncio.Task[Revision]":
    return asyncio.create_task(
        helm.engine.install(
            helm.ref(),
            chart=chart,
            values=b"{}",
            base=Base(),
            why="a test",
            deadline=LONG,
            writer=writer,
            on_phase=on_phase,
        )
    )


async def stuck(helm: Helm, seconds: float) -> "asyncio.Task[Revision]":
    """Begin an install that waits for a hook without end."""
    running = asyncio.Event()
    task = install(
        helm,
        await helm.chart(SLOW),
        a_writer(seconds),
        lambda _, detail: running.set() if "running" in detail else None,
    )
    await asyncio.wait_for(running.wait(), 10)
    return task


async def lost(task: "asyncio.Task[Revision]", within: float = 5) -> None:
    with pytest.raises(SessionLost):
        await asyncio.wait_for(task, within)


async def test_an_action_ends_with_its_session_and_its_claim_stays(helm: Helm) -> None:
    """Pending: who comes next finds it and decides. A last word would be a late one."""
    task = await stuck(helm, 1.5)
    await lost(task)
    assert await helm.statuses() == ["1 pending-install"]
    left = await helm.engine.get(helm.ref())
    assert left
    assert left.annotations["helmward.dev/phase"] == "applying"


async def test_renewed_it_goes_on(helm: Helm) -> None:
    task = await stuck(helm, 1.5)
    begun = time.monotonic()
    await helm.engine.renew(SESSION, timedelta(seconds=60))
    await until(lambda: time.monotonic() - begun > 2)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    async def failed() -> bool:
        return await helm.statuses() == ["1 failed"]

    await until(failed)


async def test_an_earlier_renewal_that_comes_late_shortens_nothing(helm: Helm) -> None:
    task = await stuck(helm, 60)
    begun = time.monotonic()
    await helm.engine.renew(SESSION, timedelta(milliseconds=200))
    await until(lambda: time.monotonic() - begun > 1)
    assert not task.done()
    await helm.engine.renew(SESSION, timedelta(0))
    await lost(task)


async def test_told_so_a_session_ends_at_once(helm: Helm) -> None:
    task = await stuck(helm, 600)
    await helm.engine.renew(SESSION, timedelta(0))
    await lost(task, within=2)
    assert await helm.statuses() == ["1 pending-install"]


async def test_another_session_is_not_meant(helm: Helm) -> None:
    task = await stuck(helm, 600)
    begun = time.monotonic()
    await helm.engine.renew("ns/operator-2", timedelta(0))
    await until(lambda: time.monotonic() - begun > 0.5)
    assert not task.done()
    await helm.engine.renew(SESSION, timedelta(0))
    await lost(task)


async def test_stopped_for_longer_than_its_session_it_writes_no_more(helm: Helm) -> None:
    """A timer sleeps with its process; the clock does not."""
    several = {f"{n}.yaml": config_map(f"c{n:03}") for n in range(300)}
    applying = asyncio.Event()
    chart = await helm.chart(several)
    task = install(
        helm, chart, a_writer(1.5), lambda name, _: applying.set() if name == "applying" else None
    )
    await asyncio.wait_for(applying.wait(), 10)
    pid = helm.process.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        # Requests that had left are answered meanwhile.
        await until(lambda: time.monotonic() - begun > 2)
        before = await count(helm)
    finally:
        os.kill(pid, signal.SIGCONT)
    await lost(task)
    assert before < len(several)
    assert await count(helm) == before
    assert await helm.statuses() == ["1 pending-install"]


async def count(helm: Helm) -> int:
    found, _ = await helm.kube.list(CONFIG_MAPS, helm.namespace)
    return sum(one["metadata"]["name"].startswith("c") for one in found)


async def test_under_a_session_that_has_ended_nothing_begins(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c")})
    await helm.engine.renew(SESSION, timedelta(0))
    before = (await helm.engine.stats()).api_requests
    await lost(install(helm, chart, a_writer(60)))
    with pytest.raises(SessionLost):
        await helm.engine.sweep(helm.ref(), base=Base(), writer=a_writer(60))
    assert (await helm.engine.stats()).api_requests == before
    assert await helm.statuses() == []


async def test_a_session_that_is_won_again_writes_again(helm: Helm) -> None:
    """But what began before it was lost stays ended."""
    task = await stuck(helm, 600)
    await helm.engine.renew(SESSION, timedelta(0))
    await helm.engine.renew(SESSION, timedelta(seconds=60))
    await lost(task)
    pending = await helm.engine.get(helm.ref())
    assert pending
    unlocked = await helm.engine.unlock(pending.release, base=pending.base, why="broken")
    sound = await helm.chart({"c.yaml": config_map("c")}, version="2.0.0")
    await upgrade(helm, unlocked, sound, writer=a_writer(60))
    assert await helm.statuses() == ["1 failed", "2 deployed"]


async def test_without_a_session_the_deadline_alone_counts(helm: Helm) -> None:
    chart = await helm.chart({"c.yaml": config_map("c")})
    await helm.engine.renew(SESSION, timedelta(0))
    await install(helm, chart, WriterId(session=SESSION, epoch=1))
    with pytest.raises(SpecInvalid, match=r"writer\.session is required"):
        await install(helm, chart, a_writer(60, session=""))


async def upgrade(
    helm: Helm, over: Revision, chart: Chart, *, writer: WriterId, **options: Any
) -> Revision:
    return await helm.engine.upgrade(
        over.release,
        chart=chart,
        values=json.dumps({}).encode(),
        base=over.base,
        why="a test",
        deadline=SOON,
        writer=writer,
        options=ActionOptions(**options),
    )


async def versions(helm: Helm) -> dict[str, str]:
    """Read the version of every object of the release."""
    found = [await helm.live("c"), await helm.live("d"), await helm.live("s", SERVICES)]
    return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in found if one}


async def test_a_stamp_moves_every_objects_version(helm: Helm) -> None:
    """Late writes of the writer before then miss, even where nothing changed."""
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 1}]}\n"
    templates = {"c.yaml": config_map("c"), "d.yaml": config_map("d"), "s.yaml": service}
    chart = await helm.chart(templates)
    revision = await helm.install(chart)
    seen = [await versions(helm)]
    stamps = set()
    for stamp in (True, True):
        revision = await upgrade(helm, revision, chart, writer=a_writer(60), stamp=stamp)
        seen.append(await versions(helm))
        live = await helm.live("c")
        assert live
        stamps.add(live["metadata"]["annotations"][FENCE])
        assert FENCE not in (await helm.stored(revision.number))["release"]["manifest"]
    assert len(stamps) == 2
    assert all(one.startswith(f"{SESSION}/3/") for one in stamps)
    for name in seen[0]:
        assert len({one[name] for one in seen}) == 3


async def test_upgrades_after_a_stamp_write_once_and_no_more(helm: Helm) -> None:
    """The stamp is taken off, and then nothing is left to be done."""
    chart = await helm.chart({"c.yaml": config_map("c"), "d.yaml": config_map("d")})
    revision = await helm.install(chart)
    revision = await upgrade(helm, revision, chart, writer=a_writer(60), stamp=True)
    revision = await upgrade(helm, revision, chart, writer=a_writer(60))
    live = await helm.live("c")
    assert live
    assert FENCE not in live["metadata"]["annotations"]
    settled = await versions(helm)
    for _ in range(2):
        revision = await upgrade(helm, revision, chart, writer=a_writer(60))
    assert await versions(helm) == settled
