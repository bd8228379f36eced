"""Going back to an earlier revision."""

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

import pytest

from helmward.engine import ActionOptions
from helmward.errors import (
    Conflict,
    EngineLost,
    HelmwardError,
    ReleaseFailed,
    SpecInvalid,
    Superseded,
)
from helmward.kube.resources import CONFIG_MAPS, CRDS, DEPLOYMENTS
from helmward.model import Chart, Revision, Status
from tests.support.helm import SOON, Helm, config_map, hook_job
from tests.support.kinds import a_kind, install, served, uninstall
from tests.support.wait import until

RESTARTED = "helmward.dev/restartedAt"


def deployment(name: str = "web", replicas: int = 1) -> str:
    """Write a Deployment."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n"
        f"spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: {name}}}}},"
        f" template: {{metadata: {{labels: {{app: {name}}}}},"
        " spec: {containers: [{name: main, image: app:1}]}}}\n"
    )


async def two(helm: Helm) -> tuple[Revision, Revision, Chart]:
    """Install a release and upgrade it; each revision has an object of its own."""
    text = config_map("c", v="{{ .Values.v }}") + "---\n" + config_map("own-{{ .Values.v }}")
    chart = await helm.chart({"c.yaml": text})
    first = await helm.install(chart, {"v": "1"})
    return first, await helm.upgrade(first, chart, {"v": "2"}), chart


async def failed_upgrade(helm: Helm, over: Revision, **more: str) -> Revision:
    """Upgrade to what the API server refuses in its second half."""
    text = {"a.yaml": config_map("left"), "z.yaml": deployment("Bad_Name"), **more}
    bad = await helm.chart(text, version="2.0.0")
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(over, bad)
    revision: Revision = caught.value.revision
    assert revision.status == Status.FAILED
    return revision


async def test_a_rollback_is_a_new_revision_with_an_old_content(helm: Helm) -> None:
    first, second, _ = await two(helm)
    back = await helm.rollback(second, 1)
    assert (back.number, back.status) == (3, Status.DEPLOYED)
    assert back.description == "rolled back by a test"
    assert await helm.statuses() == ["1 superseded", "2 superseded", "3 deployed"]
    assert await helm.data("c") == {"v": "1"}
    assert await helm.data("own-1") is not None
    assert await helm.data("own-2") is None
    old, new = (await helm.stored(1))["release"], (await helm.stored(3))["release"]
    assert new["info"]["rollback_revision"] == 1
    for same in ("manifest", "config", "chart"):
        assert new[same] == old[same]
    assert first.chart == back.chart


async def test_a_rollback_may_be_upgraded_over(helm: Helm) -> None:
    _, second, chart = await two(helm)
    back = await helm.rollback(second, 1)
    await helm.upgrade(back, chart, {"v": "4"})
    assert (await helm.statuses())[2:] == ["3 superseded", "4 deployed"]
    assert await helm.data("own-1") is None


async def test_after_a_failed_upgrade_one_revision_is_deployed(helm: Helm) -> None:
    """What the failed one made and the old one has not is deleted."""
    first = await helm.install(await helm.chart({"c.yaml": config_map("c", v="1")}))
    failed = await failed_upgrade(helm, first)
    assert await helm.data("left") is not None
    back = await helm.rollback(failed, 1)
    assert await helm.statuses() == ["1 superseded", "2 failed", "3 deployed"]
    assert back.annotations["helmward.dev/chart"] == "app-1.0.0"
    assert await helm.data("left") is None
    assert await helm.data("c") == {"v": "1"}


async def test_objects_of_the_deployed_revision_go_too(helm: Helm) -> None:
    """Back past it, from a failed one that does not list them."""
    first = await helm.install(await helm.chart({"c.yaml": config_map("c")}))
    middle = {"c.yaml": config_map("c"), "m.yaml": config_map("middle")}
    second = await helm.upgrade(first, await helm.chart(middle, version="1.1.0"))
    failed = await failed_upgrade(helm, second)
    assert await helm.data("middle") is not None
    await helm.rollback(failed, 1)
    assert await helm.data("middle") is None
    assert await helm.statuses() == ["1 superseded", "2 superseded", "3 failed", "4 deployed"]


async def test_it_goes_back_where_nothing_was_ever_deployed(helm: Helm) -> None:
    """The one failed for a reason outside, which is gone: the same again."""
    chart = await helm.chart({"c.yaml": config_map("c"), "h.yaml": hook_job("h", "post-install")})
    with pytest.raises(ReleaseFailed) as caught:
        await helm.install(chart, timeout=timedelta(seconds=1))
    await helm.rollback(caught.value.revision, 1)
    assert await helm.statuses() == ["1 failed", "2 deployed"]


async def test_a_kind_that_is_gone_does_not_hold_it(helm: Helm) -> None:
    """The failed revision may have failed of it."""
    first = await helm.install(await helm.chart({"c.yaml": config_map("c")}))
    kind = a_kind()
    await install(helm.kube, kind)
    await until(lambda: served(helm.kube, kind))
    custom = f"apiVersion: {kind.api_version}\nkind: Widget\nmetadata: {{name: w}}\n"
    failed = await failed_upgrade(helm, first, **{"w.yaml": custom})
    await uninstall(helm.kube, kind)

    async def gone() -> bool:
        found, _ = await helm.kube.list(CRDS)
        return not any(one["spec"]["group"] == kind.group for one in found)

    await until(gone)
    await helm.engine.invalidate(discovery=True, releases=True)
    assert (await helm.rollback(failed, 1)).status == Status.DEPLOYED


async def test_it_asks_little_of_the_api_server(helm: Helm) -> None:
    """No field managers are moved: the SDK's own would cost three requests an object."""
    _, second, _ = await two(helm)
    await helm.rollback(second, 1)
    cost = helm.engine.last_cost
    assert cost is not None
    # Target read, claim, list; 2 objects applied, one of which is looked at first
    # as it comes anew, 1 deleted; 2 statuses.
    assert cost.api_requests <= 9


@pytest.mark.parametrize(("to", "says"), [(0, "to_revision is required"), (7, "revision 7 does")])
async def test_it_needs_a_revision_that_exists(helm: Helm, to: int, says: str) -> None:
    _, second, _ = await two(helm)
    with pytest.raises(SpecInvalid, match=says):
        await helm.rollback(second, to)
    assert await helm.statuses() == ["1 superseded", "2 deployed"]


async def test_a_stale_base_writes_nothing(helm: Helm) -> None:
    first, _, _ = await two(helm)
    with pytest.raises(Conflict):
        await helm.rollback(first, 1)
    assert await helm.statuses() == ["1 superseded", "2 deployed"]


async def test_of_two_rollbacks_one_wins(helm: Helm) -> None:
    _, second, _ = await two(helm)
    both = await asyncio.gather(
        *(helm.rollback(second, 1) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, Revision) for one in both) == 1, both
    assert sum(isinstance(one, Conflict) for one in both) == 2
    assert len(await helm.statuses()) == 3


async def test_a_rollback_that_fails_leaves_what_is_deployed(helm: Helm) -> None:
    """Helm would call nothing deployed; its objects are there all the same."""
    hooked = {"c.yaml": config_map("c"), "h.yaml": hook_job("h", "post-rollback")}
    first = await helm.install(await helm.chart(hooked))
    second = await helm.upgrade(first, await helm.chart({"c.yaml": config_map("c")}, name="b"))
    with pytest.raises(ReleaseFailed, match="Job/h") as caught:
        await helm.rollback(second, 1, timeout=timedelta(seconds=1))
    assert caught.value.revision.status == Status.FAILED
    assert caught.value.revision.description.startswith("rolled back by a test: ")
    assert "Job/h" in caught.value.revision.description
    assert await helm.statuses() == ["1 superseded", "2 deployed", "3 failed"]
    again = await helm.rollback(caught.value.revision, 1, disable_hooks=True)
    assert again.status == Status.DEPLOYED
    assert (await helm.statuses())[1:] == ["2 superseded", "3 failed", "4 deployed"]


@pytest.mark.parametrize("event", ["pre-rollback", "post-rollback"])
async def test_cancelled_it_is_failed_not_pending(helm: Helm, event: str) -> None:
    hooked = {"c.yaml": config_map("c"), "h.yaml": hook_job("h", event)}
    first = await helm.install(await helm.chart(hooked))
    second = await helm.upgrade(first, await helm.chart({"c.yaml": config_map("c")}, name="b"))
    running = asyncio.Event()

    def on_phase(name: str, detail: str) -> None:
        if name == "hooks" and "running" in detail:
            running.set()

    task = asyncio.create_task(helm.rollback(second, 1, on_phase=on_phase))
    async with asyncio.timeout(10):
        await running.wait()
    assert (await helm.statuses())[2] == "3 pending-rollback"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def failed() -> bool:
        return (await helm.statuses())[1:] == ["2 deployed", "3 failed"]

    await until(failed)
    assert await helm.outcome() == "cancelled"


async def test_killed_in_mid_rollback_it_is_unlocked(helm: Helm) -> None:
    hooked = {"c.yaml": config_map("c", v="1"), "h.yaml": hook_job("h", "pre-rollback")}
    first = await helm.install(await helm.chart(hooked))
    second = await helm.upgrade(first, await helm.chart({"c.yaml": config_map("c")}, name="b"))
    running = asyncio.Event()

    def on_phase(name: str, detail: str) -> None:
        if name == "hooks" and "running" in detail:
            running.set()

    task = asyncio.create_task(helm.rollback(second, 1, on_phase=on_phase))
    async with asyncio.timeout(10):
        await running.wait()
    assert helm.process.pid
    os.kill(helm.process.pid, signal.SIGKILL)
    await helm.another_process()
    with pytest.raises(EngineLost):
        await task
    pending = await helm.engine.get(helm.ref())
    assert pending
    assert pending.status == Status.PENDING_ROLLBACK
    with pytest.raises(Conflict, match="pending-rollback"):
        await helm.rollback(pending, 1)
    unlocked = await helm.engine.unlock(pending.release, base=pending.base, why="writer is gone")
    await helm.rollback(unlocked, 1, disable_hooks=True)
    assert (await helm.statuses())[1:] == ["2 superseded", "3 failed", "4 deployed"]
    assert await helm.data("c") == {"v": "1"}


async def test_a_newer_state_ends_its_wait(helm: Helm) -> None:
    stuck = deployment().replace("containers:", "nodeSelector: {nowhere: x}, containers:")
    first = await helm.install(await helm.chart({"d.yaml": stuck}))
    second = await helm.upgrade(first, await helm.chart({"c.yaml": config_map("c")}, name="b"))
    waiting = asyncio.Event()

    def on_phase(name: str, _detail: str) -> None:
        if name == "waiting":
            waiting.set()

    task = asyncio.create_task(helm.rollback(second, 1, wait=True, on_phase=on_phase))
    async with asyncio.timeout(10):
        await waiting.wait()
    assert await helm.engine.supersede(second.release, "a newer spec")
    with pytest.raises(Superseded):
        await task
    assert await helm.statuses() == ["1 superseded", "2 deployed", "3 superseded"]


async def test_history_is_pruned_to_what_is_kept(helm: Helm) -> None:
    _, newest, _ = await two(helm)
    for _ in range(3):
        newest = await helm.rollback(newest, newest.number - 1, max_history=2)
    assert await helm.statuses() == ["4 superseded", "5 deployed"]


async def test_the_target_may_be_the_newest_itself(helm: Helm) -> None:
    _, second, _ = await two(helm)
    await helm.rollback(second, 2)
    assert await helm.data("c") == {"v": "2"}
    assert (await helm.statuses())[1:] == ["2 superseded", "3 deployed"]


async def template(helm: Helm, name: str = "web") -> dict[str, Any]:
    """Read the annotations of a Deployment's pods, and its generation."""
    found = await helm.live(name, DEPLOYMENTS)
    assert found
    annotations = found["spec"]["template"]["metadata"].get("annotations") or {}
    return {"generation": found["metadata"]["generation"], "at": annotations.get(RESTARTED)}


async def test_recreate_restarts_pods_and_the_next_upgrade_does_not(helm: Helm) -> None:
    """The annotation is nobody's whom an upgrade speaks for."""
    chart = await helm.chart({"d.yaml": deployment()})
    first = await helm.install(chart)
    second = await helm.upgrade(first, chart)
    assert (await template(helm))["at"] is None
    back = await helm.rollback(second, 1, recreate=True)
    restarted = await template(helm)
    assert restarted["at"]
    upgraded = await helm.upgrade(back, chart)
    assert await template(helm) == restarted
    await helm.rollback(upgraded, 1, recreate=True)
    assert (await template(helm))["at"] > restarted["at"]


async def test_recreate_leaves_alone_what_is_new(helm: Helm) -> None:
    first = await helm.install(await helm.chart({"d.yaml": deployment("old")}))
    second = await helm.upgrade(first, await helm.chart({"c.yaml": config_map("c")}, name="b"))
    await helm.rollback(second, 1, recreate=True)
    assert (await template(helm, "old"))["at"] is None


async def test_it_waits_where_that_is_asked_for(helm: Helm) -> None:
    stuck = deployment().replace("containers:", "nodeSelector: {nowhere: x}, containers:")
    first = await helm.install(await helm.chart({"d.yaml": stuck}))
    second = await helm.upgrade(first, await helm.chart({"c.yaml": config_map("c")}, name="b"))
    with pytest.raises(HelmwardError) as caught:
        await helm.rollback(second, 1, wait=True, timeout=timedelta(seconds=1))
    assert caught.value.revision
    assert caught.value.revision.status == Status.FAILED


async def test_it_marks_objects_as_it_is_told(helm: Helm) -> None:
    _, second, _ = await two(helm)
    await helm.engine.rollback(
        second.release,
        base=second.base,
        why="",
        deadline=SOON,
        object_annotations={"example.com/owner": "me"},
        options=ActionOptions(to_revision=1),
    )
    found, _ = await helm.kube.list(CONFIG_MAPS, helm.namespace)
    marks = {
        one["metadata"]["name"]: (one["metadata"].get("annotations") or {}).get("example.com/owner")
        for one in found
    }
    assert (marks["c"], marks["own-1"]) == ("me", "me")
    newest = await helm.engine.get(helm.ref())
    assert newest
    assert newest.description == "Rollback to 1"
