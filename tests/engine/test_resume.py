"""Going on with a wait whose writer is gone: same revision, same deadline."""

import asyncio
import os
import signal
import time
from datetime import timedelta
from typing import Any

import pytest

from helmward.engine import ActionOptions
from helmward.engine.options import WriterId
from helmward.errors import Conflict, EngineLost, NotReady, ReleaseFailed, Superseded
from helmward.kube.resources import SECRETS
from helmward.model import KINDS, OBJECTS, Base, Revision, Status
from tests.engine.test_hooks import hooked
from tests.support.helm import SOON, Helm, config_map, hook_job
from tests.support.wait import until
from tests.support.workloads import LONG, Waiting, begin, deployment, make_ready, runs

PHASE, DEADLINE = "helmward.dev/phase", "helmward.dev/deadline"
US = WriterId(session="ns/other", epoch=7)


async def resume(helm: Helm, base: Base, **options: Any) -> Revision:
    return await helm.engine.resume(
        helm.ref(),
        base=base,
        why="gone on with",
        deadline=LONG,
        writer=US,
        options=ActionOptions(**options),
    )


async def killed(helm: Helm, waiting: Waiting) -> Revision:
    """Kill the engine in mid-wait; return the revision that it leaves."""

    async def noted() -> Revision | None:
        found = await helm.engine.get(helm.ref())
        return found if found and found.annotations[PHASE] == "waiting" else None

    await until(noted)
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await helm.another_process()
    with pytest.raises(EngineLost):
        await waiting.task
    left = await helm.engine.get(helm.ref())
    assert left
    return left


async def resumed(helm: Helm, base: Base, **options: Any) -> asyncio.Task[Revision]:
    """Begin to resume; return once the claim is ours."""
    task = asyncio.create_task(resume(helm, base, **options))

    async def ours() -> bool:
        found = await helm.engine.get(helm.ref())
        return found is not None and found.annotations["helmward.dev/session"] == US.session

    await until(ours)
    return task


async def test_a_wait_is_gone_on_with_to_its_own_deadline(helm: Helm) -> None:
    """The engine was killed in it: no new revision, the older one superseded at the end."""
    templates = {
        "d.yaml": deployment(fate="{{ .Values.fate }}"),
        "after.yaml": hooked("after", "post-upgrade", weight=2, v="{{ .Release.Revision }}"),
        "gone.yaml": hooked("gone", "post-upgrade", "hook-succeeded", weight=1, v="1"),
        "other.yaml": hooked("other", "post-install", v="{{ .Release.Revision }}"),
    }
    chart = await helm.chart(templates)
    first = await helm.install(chart, {"fate": ""}, wait=True)
    left = await killed(helm, await begin(helm, chart, over=first, values={"fate": "never-ready"}))
    task = await resumed(helm, left.base)
    found = await helm.engine.get(helm.ref())
    assert found
    assert found.annotations[PHASE] == "waiting"
    assert found.annotations[DEADLINE] == left.annotations[DEADLINE]
    assert found.annotations["helmward.dev/epoch"] == "7"
    assert found.annotations["helmward.dev/instance"] == helm.process.instance
    assert found.annotations["helmward.dev/chart"] == "app-1.0.0"
    assert await helm.data("after") is None

    await until(lambda: runs(helm))
    await make_ready(helm)
    revision = await asyncio.wait_for(task, 20)
    assert (revision.number, revision.status) == (2, Status.DEPLOYED)
    assert revision.description == "gone on with"
    assert revision.annotations[PHASE] == "done"
    # Who applied the objects is gone with what he knew of them.
    assert {KINDS, OBJECTS}.isdisjoint(revision.annotations)
    drift = await helm.engine.drift(revision.release, base=revision.base)
    assert (drift.found, drift.kinds) == ((), "apps/v1/Deployment")
    assert await helm.statuses() == ["1 superseded", "2 deployed"]
    assert await helm.data("after") == {"v": "2"}
    assert await helm.data("gone") is None
    assert await helm.data("other") == {"v": "1"}
    hooks = {one["name"]: one for one in (await helm.stored(2))["release"]["hooks"]}
    assert hooks["after"]["last_run"]["phase"] == "Succeeded"
    assert hooks["gone"]["last_run"]["completed_at"] <= hooks["after"]["last_run"]["started_at"]
    await helm.upgrade(revision, await helm.pull("app"), {"fate": ""})


async def move_deadline(helm: Helm, left: Revision, deadline: str) -> Revision:
    patch = {"metadata": {"annotations": {DEADLINE: deadline}}}
    await helm.kube.patch(SECRETS, "sh.helm.release.v1.web.v1", left.release.namespace, patch)
    moved = await helm.engine.get(helm.ref())
    assert moved
    return moved


async def test_past_its_deadline_there_is_one_last_look(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    left = await killed(helm, await begin(helm, chart))
    left = await move_deadline(helm, left, "2026-01-01T00:00:00Z")
    begun = time.monotonic()
    with pytest.raises(ReleaseFailed, match="not ready by 2026-01-01T00:00:00Z") as caught:
        await resume(helm, left.base)
    assert time.monotonic() - begun < 10
    assert caught.value.revision.status == Status.FAILED
    assert caught.value.revision.number == 1
    assert await helm.statuses() == ["1 failed"]


async def test_what_became_ready_meanwhile_is_deployed_even_then(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    left = await killed(helm, await begin(helm, chart))
    await until(lambda: runs(helm))
    await make_ready(helm)

    async def available() -> bool:
        found = await helm.kube.raw(
            "GET", f"/apis/apps/v1/namespaces/{helm.namespace}/deployments/web"
        )
        return b'"availableReplicas":1' in found

    await until(available)
    left = await move_deadline(helm, left, "2026-01-01T00:00:00Z")
    assert (await resume(helm, left.base)).status == Status.DEPLOYED


async def test_a_hopeless_wait_ends_early_here_too(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(fate="image-missing")})
    left = await killed(helm, await begin(helm, chart))
    with pytest.raises(NotReady, match="ImagePullBackOff") as caught:
        await resume(helm, left.base)
    assert caught.value.cause.object == "Deployment/web"
    assert await helm.statuses() == ["1 failed"]


async def test_a_hook_after_the_wait_that_fails_is_told(helm: Helm) -> None:
    templates = {
        "d.yaml": deployment(),
        "ok.yaml": hooked("ok", "post-install", "hook-succeeded", weight=-1, v="1"),
        "j.yaml": hook_job("j", "post-install", policy="hook-failed"),
    }
    left = await killed(helm, await begin(helm, await helm.chart(templates)))
    task = await resumed(helm, left.base, timeout=timedelta(seconds=1))
    await until(lambda: runs(helm))
    await make_ready(helm)
    with pytest.raises(ReleaseFailed, match="hook Job/j: not ready after 1s"):
        await asyncio.wait_for(task, 20)
    assert await helm.statuses() == ["1 failed"]
    assert await helm.data("ok") is None
    hooks = {one["name"]: one for one in (await helm.stored(1))["release"]["hooks"]}
    assert hooks["j"]["last_run"]["phase"] == "Failed"


async def test_hooks_can_be_left_out(helm: Helm) -> None:
    templates = {"d.yaml": deployment(), "h.yaml": hooked("h", "post-install", v="1")}
    left = await killed(helm, await begin(helm, await helm.chart(templates)))
    task = await resumed(helm, left.base, disable_hooks=True)
    await until(lambda: runs(helm))
    await make_ready(helm)
    await asyncio.wait_for(task, 20)
    assert await helm.data("h") is None


async def test_of_two_who_go_on_one_wins(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    left = await killed(helm, await begin(helm, chart))
    task = await resumed(helm, left.base)
    with pytest.raises(Conflict):
        await resume(helm, left.base)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_can_be_given_up_for_a_newer_state(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    left = await killed(helm, await begin(helm, chart))
    task = await resumed(helm, left.base)
    assert await helm.engine.supersede(helm.ref(), "a newer chart")
    with pytest.raises(Superseded) as caught:
        await asyncio.wait_for(task, 10)
    assert caught.value.revision.description == "gone on with: a newer chart"
    assert await helm.statuses() == ["1 superseded"]


async def test_cancelled_it_is_failed(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment()})
    left = await killed(helm, await begin(helm, chart))
    task = await resumed(helm, left.base)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def failed() -> bool:
        return await helm.statuses() == ["1 failed"]

    await until(failed)
    assert await helm.outcome() == "cancelled"


async def test_what_does_not_wait_cannot_be_gone_on_with(helm: Helm) -> None:
    """Neither a revision that is done nor one that was still being applied."""
    chart = await helm.chart({"c.yaml": config_map("c")})
    done = await helm.install(chart)
    with pytest.raises(Conflict, match="revision 1 is deployed and not in its wait"):
        await resume(helm, done.base)

    slow = await helm.chart({"j.yaml": hook_job("slow", "pre-upgrade")}, version="2.0.0")
    task = asyncio.create_task(helm.upgrade(done, slow, deadline=SOON))

    async def pending() -> Revision | None:
        found = await helm.engine.get(helm.ref())
        return found if found and found.number == 2 else None

    found = await until(pending)
    with pytest.raises(Conflict, match=r'not in its wait \(phase "applying"\)'):
        await resume(helm, found.base)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
