"""Kubernetes Events: counted, cut short, never in the way."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from helmward.kube import Kube, load_config
from helmward.kube.resources import EVENTS
from helmward.runtime import EventRecorder, Regarding
from tests.support.plane import Plane
from tests.support.wait import until


@asynccontextmanager
async def running(recorder: EventRecorder) -> AsyncIterator[EventRecorder]:
    task = asyncio.create_task(recorder.run())
    yield recorder
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def a_release(namespace: str, name: str = "web") -> Regarding:
    return Regarding("example.com/v1", "HelmRelease", namespace, name, uid="u-1")


async def events(kube: Kube, namespace: str) -> list[Mapping[str, Any]]:
    found, _ = await kube.list(EVENTS, namespace)
    return [event for event in found if event["source"].get("component") == "helmward"]


async def test_an_event_says_what_happened_to_whom(kube: Kube, namespace: str) -> None:
    """`kubectl describe` shows it under the object."""
    async with running(EventRecorder(kube)) as recorder:
        recorder.record(a_release(namespace), "UpgradeFailed", "x" * 3000, warning=True)
        (event,) = await until(lambda: events(kube, namespace))

    assert (event["type"], event["reason"], event["count"]) == ("Warning", "UpgradeFailed", 1)
    assert event["involvedObject"]["name"] == "web"
    assert event["involvedObject"]["uid"] == "u-1"
    assert len(event["message"]) == 1024


async def test_equal_events_are_counted(kube: Kube, namespace: str) -> None:
    """A release that fails all night is one line."""
    async with running(EventRecorder(kube)) as recorder:
        for _ in range(3):
            recorder.record(a_release(namespace), "InstallFailed", "no")
        recorder.record(a_release(namespace), "InstallFailed", "another reason")

        async def told() -> bool:
            counts = sorted(event["count"] for event in await events(kube, namespace))
            return counts == [1, 3]

        await until(told)


async def test_an_event_that_the_server_forgot_is_told_anew(kube: Kube, namespace: str) -> None:
    """It keeps them for an hour."""
    async with running(EventRecorder(kube)) as recorder:
        recorder.record(a_release(namespace), "Installed", "done")
        (event,) = await until(lambda: events(kube, namespace))
        await kube.delete(EVENTS, event["metadata"]["name"], namespace)
        recorder.record(a_release(namespace), "Installed", "done")
        (again,) = await until(lambda: events(kube, namespace))

    assert again["metadata"]["name"] != event["metadata"]["name"]


async def test_what_waits_at_the_end_is_still_sent(kube: Kube, namespace: str) -> None:
    """The last words of a process are often the interesting ones."""
    recorder = EventRecorder(kube)
    async with running(recorder):
        await asyncio.sleep(0)
        for number in range(5):
            recorder.record(a_release(namespace, f"r{number}"), "Stopping", "bye")

    assert len(await events(kube, namespace)) == 5


async def test_trouble_with_events_is_nobodys_trouble(plane: Plane) -> None:
    """No room and no server: both are counted, neither is raised."""
    config = replace(load_config(plane.kubeconfig), server="https://127.0.0.1:1")
    async with Kube(config) as lost, running(EventRecorder(lost, room=2)) as recorder:
        for _ in range(5):
            recorder.record(a_release("a"), "Installed", "done")

        assert recorder.dropped == 3
        await until(lambda: recorder.dropped == 5)
