"""A newer state ends a wait, and what was given up is not taken for good."""

import asyncio

import pytest

from helmward.engine.options import User
from helmward.errors import Superseded
from helmward.model import Revision, Status
from tests.support.helm import Helm, config_map, hook_job
from tests.support.wait import until
from tests.support.workloads import begin, deployment, make_ready, runs

OUTCOME, PHASE = "helmward.dev/outcome", "helmward.dev/phase"


async def given_up(task: "asyncio.Task[Revision]") -> Revision:
    """Return the revision that was recorded."""
    with pytest.raises(Superseded, match="a newer chart") as caught:
        await asyncio.wait_for(task, 10)
    revision = caught.value.revision
    assert isinstance(revision, Revision)
    return revision


async def test_a_wait_ends_at_once(helm: Helm) -> None:
    chart = await helm.chart({"d.yaml": deployment(fate="{{ .Values.fate }}")})
    first = await helm.install(chart, {"fate": ""}, wait=True)
    waiting = await begin(helm, chart, over=first, values={"fate": "never-ready"})
    assert await helm.engine.supersede(helm.ref(), "a newer chart")
    revision = await given_up(waiting.task)
    why = "upgraded by a test: a newer chart"
    assert (revision.status, revision.description) == (Status.SUPERSEDED, why)
    assert revision.annotations[OUTCOME] == "superseded"
    assert revision.annotations[PHASE] == "done"
    assert await helm.statuses() == ["1 deployed", "2 superseded"]
    stored = await helm.stored(1)
    assert OUTCOME not in stored["secret"]["metadata"]["annotations"]


async def test_what_was_given_up_is_upgraded_over(helm: Helm) -> None:
    """What only it had is deleted."""
    chart = await helm.chart({"d.yaml": deployment(fate="")})
    first = await helm.install(chart, wait=True)
    more = await helm.chart({"d.yaml": deployment(), "c.yaml": config_map("c")}, version="2.0.0")
    waiting = await begin(helm, more, over=first)
    await helm.engine.supersede(helm.ref(), "a newer chart")
    revision = await given_up(waiting.task)
    assert await helm.data("c") is not None
    third = await helm.upgrade(revision, chart, wait=True)
    assert third.status == Status.DEPLOYED
    assert await helm.statuses() == ["1 superseded", "2 superseded", "3 deployed"]
    assert await helm.data("c") is None
    assert OUTCOME not in third.annotations


async def test_a_first_install_that_was_given_up_is_installed_over(helm: Helm) -> None:
    waiting = await begin(helm, await helm.chart({"d.yaml": deployment()}))
    await helm.engine.supersede(helm.ref(), "a newer chart")
    revision = await given_up(waiting.task)
    assert await helm.statuses() == ["1 superseded"]
    sound = await helm.chart({"d.yaml": deployment(fate="")}, version="2.0.0")
    await helm.install(sound, base=revision.base, wait=True)
    assert await helm.statuses() == ["1 superseded", "2 deployed"]


async def test_what_is_still_applied_ends_when_it_comes_to_its_wait(helm: Helm) -> None:
    """A hook that runs is not broken off."""
    templates = {"d.yaml": deployment(), "c.yaml": config_map("c")}
    job = hook_job("before", "pre-install").replace(
        "      nodeSelector: {nowhere: to-be-found}\n", ""
    )
    slow = job.replace(
        "  template:\n",
        '  template:\n    metadata: {annotations: {devplane.helmward.dev/completes-after: "3s"}}\n',
    )
    chart = await helm.chart({**templates, "j.yaml": slow})
    runs_hook = asyncio.Event()
    task = asyncio.create_task(
        helm.install(
            chart,
            wait=True,
            on_phase=lambda _, detail: runs_hook.set() if "running" in detail else None,
        )
    )
    await asyncio.wait_for(runs_hook.wait(), 10)
    assert await helm.engine.supersede(helm.ref(), "a newer chart")
    assert await helm.statuses() == ["1 pending-install"]
    assert not task.done()
    assert (await given_up(task)).status == Status.SUPERSEDED
    assert await helm.data("c") is not None


async def test_where_nothing_runs_that_is_said(helm: Helm) -> None:
    assert not await helm.engine.supersede(helm.ref(), "a newer chart")
    await helm.install(await helm.chart({"c.yaml": config_map("c")}))
    assert not await helm.engine.supersede(helm.ref(), "a newer chart")
    assert await helm.statuses() == ["1 deployed"]


async def test_another_release_or_identity_is_not_meant(helm: Helm) -> None:
    waiting = await begin(helm, await helm.chart({"d.yaml": deployment()}))
    assert not await helm.engine.supersede(helm.ref("other"), "a newer chart")
    stranger = helm.engine.acting_as(User("stranger"))
    assert not await stranger.supersede(helm.ref(), "a newer chart")
    await until(lambda: runs(helm))
    await make_ready(helm)
    assert (await asyncio.wait_for(waiting.task, 20)).status == Status.DEPLOYED
