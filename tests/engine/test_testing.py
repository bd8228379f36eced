"""Running a release's test hooks, and storing how they ended."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helmward.engine import WriterId
from helmward.errors import (
    Conflict,
    EngineLost,
    ReleaseFailed,
    SessionLost,
    SpecInvalid,
    TestsFailed,
)
from helmward.kube.resources import PODS, Resource
from helmward.model import Revision, Status
from tests.support.helm import SOON, Helm, config_map
from tests.support.wait import until

JOBS = Resource("batch", "v1", "jobs", "Job")
TESTED = "helmward.dev/tested"


def a_test_pod(name: str, fate: str = "", *, policy: str = "", weight: int = 0) -> str:
    """Write a Pod that is a test; the plane lets it succeed unless it is told otherwise."""
    marks = f'helm.sh/hook: test, helm.sh/hook-weight: "{weight}"'
    marks += f', helm.sh/hook-delete-policy: "{policy}"' if policy else ""
    marks += f", devplane.helmward.dev/pod: {fate}" if fate else ""
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{{marks}}}}}\n"
        "spec: {restartPolicy: Never, containers: [{name: main, image: app:1}]}\n"
    )


def a_test_job(name: str, fate: str) -> str:
    """Write a Job that is a test."""
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name},"
        " annotations: {helm.sh/hook: test}}\nspec: {backoffLimit: 0, template: {metadata:"
        f" {{annotations: {{devplane.helmward.dev/pod: {fate}}}}},"
        " spec: {restartPolicy: Never, containers: [{name: main, image: app:1}]}}}\n"
    )


async def installed(helm: Helm, *tests: str) -> Revision:
    """Install a chart with these tests."""
    templates = {f"tests/{number}.yaml": text for number, text in enumerate(tests)}
    return await helm.install(await helm.chart({"c.yaml": config_map("c"), **templates}))


async def outcome(helm: Helm) -> str | None:
    """Read what is noted with the newest revision."""
    newest = await helm.engine.get(helm.ref())
    assert newest
    return newest.annotations.get(TESTED)


@asynccontextmanager
async def running(helm: Helm, revision: Revision, **how: Any) -> AsyncIterator[asyncio.Task[Any]]:
    """Have tests run that do not end."""
    begun = asyncio.Event()

    def on_phase(name: str, detail: str) -> None:
        if name == "hooks" and "running" in detail:
            begun.set()

    task = asyncio.create_task(helm.run_tests(revision, on_phase=on_phase, **how))
    async with asyncio.timeout(10):
        await begun.wait()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_tests_that_pass_are_noted_with_the_revision(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("smoke"), a_test_job("load", "default"))
    assert revision.annotations["helmward.dev/tests"] == "2"
    tested = await helm.run_tests(revision)
    assert (tested.number, tested.status) == (1, Status.DEPLOYED)
    assert tested.annotations[TESTED] == "passed"
    assert tested.description == "installed by a test"
    assert tested.base == (await helm.engine.get(helm.ref())).base  # type: ignore[union-attr]
    assert await helm.statuses() == ["1 deployed"]
    hooks = (await helm.stored(1))["release"]["hooks"]
    assert {hook["last_run"]["phase"] for hook in hooks} == {"Succeeded"}
    assert await helm.live("smoke", PODS) is not None


async def test_a_tested_revision_is_upgraded_over(helm: Helm) -> None:
    """The newest version of its record is known without reading it again."""
    tested = await helm.run_tests(await installed(helm, a_test_pod("smoke")))
    await helm.upgrade(tested, await helm.chart({"c.yaml": config_map("c")}, version="1.1.0"))
    assert await helm.statuses() == ["1 superseded", "2 deployed"]
    assert (await helm.stored(1))["secret"]["metadata"]["annotations"][TESTED] == "passed"


async def test_a_release_without_tests_passes_at_once(helm: Helm) -> None:
    revision = await installed(helm)
    assert "helmward.dev/tests" not in revision.annotations
    tested = await helm.run_tests(revision)
    assert tested.annotations[TESTED] == "passed"


@pytest.mark.parametrize("kind", ["Pod", "Job"])
async def test_a_test_that_fails_is_named(helm: Helm, kind: str) -> None:
    broken = a_test_pod("broken", "fails") if kind == "Pod" else a_test_job("broken", "fails")
    revision = await installed(helm, a_test_pod("a-sound-one", weight=-1), broken)
    with pytest.raises(TestsFailed, match=f"^test {kind}/broken: ") as caught:
        await helm.run_tests(revision)
    assert caught.value.revision
    assert caught.value.revision.annotations[TESTED] == "failed"
    assert caught.value.revision.status == Status.DEPLOYED
    assert caught.value.cause
    assert caught.value.cause.object == f"{kind}/broken"
    assert caught.value.cause.container == "main"
    assert caught.value.cause.exit_code == 1
    assert await helm.statuses() == ["1 deployed"]
    hooks = (await helm.stored(1))["release"]["hooks"]
    phases = {hook["name"]: hook["last_run"]["phase"] for hook in hooks}
    assert phases == {"a-sound-one": "Succeeded", "broken": "Failed"}


async def test_a_test_that_the_server_refuses_has_failed(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("Bad_Name"))
    with pytest.raises(TestsFailed, match=r"test Pod/Bad_Name: .*RFC 1123"):
        await helm.run_tests(revision)
    assert await outcome(helm) == "failed"


async def test_tests_run_again_and_the_last_outcome_stands(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("broken", "fails"))
    with pytest.raises(TestsFailed) as caught:
        await helm.run_tests(revision)
    with pytest.raises(TestsFailed) as again:
        await helm.run_tests(caught.value.revision)
    assert again.value.revision.resource_version != caught.value.revision.resource_version


@pytest.mark.parametrize("fate", ["default", "fails"])
@pytest.mark.parametrize("cleanup", [True, False])
async def test_tests_are_cleaned_up_where_that_is_asked_for(
    helm: Helm, fate: str, *, cleanup: bool
) -> None:
    """Whether they passed or not; what else they made stays."""
    extra = config_map("extra").replace(
        "  name: extra\n", "  name: extra\n  annotations: {helm.sh/hook: test}\n"
    )
    revision = await installed(helm, a_test_job("job", fate), a_test_pod("pod", weight=-1), extra)
    if fate == "fails":
        with pytest.raises(TestsFailed):
            await helm.run_tests(revision, cleanup=cleanup)
    else:
        await helm.run_tests(revision, cleanup=cleanup)

    async def as_asked() -> bool:
        found = [await helm.live("job", JOBS), await helm.live("pod", PODS)]
        return [one is None for one in found] == [cleanup, cleanup]

    await until(as_asked)
    assert await helm.data("extra") is not None


async def test_tests_that_take_too_long_have_failed_of_time(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("slow", "runs"))
    with pytest.raises(ReleaseFailed, match="test Pod/slow: not ready after 1s") as caught:
        await helm.run_tests(revision, timeout=timedelta(seconds=1))
    assert not isinstance(caught.value, TestsFailed)
    assert caught.value.revision.annotations[TESTED] == "failed"
    assert await helm.statuses() == ["1 deployed"]


async def test_a_deadline_ends_them_as_failed(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("slow", "runs"))
    with pytest.raises(ReleaseFailed, match="deadline"):
        await helm.run_tests(revision, deadline=timedelta(seconds=1), cleanup=True)
    assert await outcome(helm) == "failed"

    async def gone() -> bool:
        return await helm.live("slow", PODS) is None

    await until(gone)


@pytest.mark.parametrize(
    ("policy", "cleanup", "stays"),
    [("", False, True), ("", True, False), ("hook-failed", False, False)],
)
async def test_cancelled_nothing_is_noted(
    helm: Helm, policy: str, *, cleanup: bool, stays: bool
) -> None:
    """The pods go as they would have gone after a failure."""
    revision = await installed(helm, a_test_pod("slow", "runs", policy=policy))
    async with running(helm, revision, cleanup=cleanup) as task:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def as_asked() -> bool:
        return (await helm.live("slow", PODS) is not None) == stays

    await until(as_asked)
    assert await outcome(helm) is None
    assert await helm.statuses() == ["1 deployed"]


async def test_told_to_stop_the_engine_notes_nothing(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("slow", "runs"))
    async with running(helm, revision) as task:
        assert helm.process.pid
        os.kill(helm.process.pid, signal.SIGTERM)
        await helm.another_process()
        with pytest.raises(EngineLost):
            await task
    assert await outcome(helm) is None
    assert await helm.statuses() == ["1 deployed"]


async def test_of_a_lost_session_nothing_is_noted(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("slow", "runs"))
    begun = asyncio.Event()

    def on_phase(name: str, detail: str) -> None:
        if name == "hooks" and "running" in detail:
            begun.set()

    testing = helm.engine.test(
        revision.release,
        base=revision.base,
        why="",
        deadline=SOON,
        writer=WriterId("helmward/lost", 1, valid=SOON),
        on_phase=on_phase,
    )
    task = asyncio.create_task(testing)
    async with asyncio.timeout(10):
        await begun.wait()
    await helm.engine.renew("helmward/lost", timedelta(0))
    with pytest.raises(SessionLost):
        await task
    assert await outcome(helm) is None


async def test_upgraded_meanwhile_nothing_is_noted(helm: Helm) -> None:
    """The outcome is that of a revision which is no longer what it was."""
    text = a_test_pod("slow").replace(
        "helm.sh/hook:", "devplane.helmward.dev/completes-after: 3s, helm.sh/hook:"
    )
    revision = await installed(helm, text)
    async with running(helm, revision) as task:
        chart = await helm.chart({"c.yaml": config_map("c")}, version="1.1.0")
        await helm.upgrade(revision, chart)
        with pytest.raises(Conflict):
            await task
    assert TESTED not in (await helm.stored(1))["secret"]["metadata"]["annotations"]


async def test_only_what_is_deployed_is_tested(helm: Helm) -> None:
    first = await installed(helm, a_test_pod("smoke"))
    bad = await helm.chart({"b.yaml": config_map("Bad_Name")}, version="2.0.0")
    with pytest.raises(ReleaseFailed) as caught:
        await helm.upgrade(first, bad)
    with pytest.raises(SpecInvalid, match="revision 2 is failed"):
        await helm.run_tests(caught.value.revision)
    with pytest.raises(Conflict):
        await helm.run_tests(first)


async def test_a_stale_base_runs_nothing(helm: Helm) -> None:
    revision = await installed(helm, a_test_pod("smoke"))
    with pytest.raises(Conflict):
        await helm.run_tests(replace(revision, resource_version="1"))
    assert await helm.live("smoke", PODS) is None


async def test_the_outcome_says_who_noted_it(helm: Helm) -> None:
    revision = await installed(helm)
    tested = await helm.engine.test(
        revision.release,
        base=revision.base,
        why="",
        deadline=SOON,
        writer=WriterId("helmward/b", 7),
        annotations={"helmward.dev/extra": "x"},
    )
    said = {name.removeprefix("helmward.dev/"): text for name, text in tested.annotations.items()}
    assert (said["session"], said["epoch"], said["extra"]) == ("helmward/b", "7", "x")
    assert said["instance"] == helm.process.instance
    assert said["chart"] == "app-1.0.0"
