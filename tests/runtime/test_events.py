"""Kubernetes Events: counted, cut short, never in the way."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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


@dataclass
class Clock:
    """Time that passes when told to."""

    time: datetime = datetime(2026, 1, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


async def test_failures_that_differ_in_numbers_only_are_one_line(
    kube: Kube, namespace: str
) -> None:
    """The count grows; the words are those of the last attempt."""
    async with running(EventRecorder(kube)) as recorder:
        for attempt in range(1, 5):
            said = f"no such image (attempt {attempt}, next try at 12:0{attempt}:00Z)"
            recorder.record(a_release(namespace), "InstallFailed", said, warning=True)

        async def told() -> Mapping[str, Any] | None:
            (event,) = await events(kube, namespace) or [{}]
            return event if event.get("count") == 4 else None

        event = await until(told)

    assert event["message"] == "no such image (attempt 4, next try at 12:04:00Z)"


async def test_successes_that_differ_are_told_apart(kube: Kube, namespace: str) -> None:
    """Revision 2 and revision 3 are two pieces of news."""
    async with running(EventRecorder(kube)) as recorder:
        for number in (2, 3):
            recorder.record(a_release(namespace), "Synced", f"upgraded to revision {number}")

        async def both() -> bool:
            return len(await events(kube, namespace)) == 2

        await until(both)


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("no such image (attempt {0}, next try at {0}Z)", 1),
        ("pod cart-{1} crashed (attempt {0})", 10 + 24),
    ],
)
async def test_a_day_of_failures_makes_few_events(
    kube: Kube, namespace: str, said: str, most: int
) -> None:
    """Whatever each attempt says: etcd is not a log."""
    clock, attempts = Clock(), 288
    async with running(EventRecorder(kube, now=clock)) as recorder:
        for attempt in range(1, attempts + 1):
            words = said.format(attempt, chr(0x61 + attempt % 26) * (1 + attempt // 26))
            recorder.record(a_release(namespace), "InstallFailed", words, warning=True)
            await until(lambda: recorder.idle, every=0.001)
            clock.time += timedelta(minutes=5)

    found = await events(kube, namespace)
    assert 1 <= len(found) <= most
    assert sum(event["count"] for event in found) == attempts
    newest = max(found, key=lambda event: str(event["lastTimestamp"]))
    assert f"attempt {attempts}" in newest["message"]


async def test_one_topic_does_not_silence_another(kube: Kube, namespace: str) -> None:
    """A release that fails in many words must still be able to tell of success."""
    async with running(EventRecorder(kube)) as recorder:
        for number in range(15):
            letter = chr(0x61 + number)
            recorder.record(a_release(namespace), "Failed", f"pod {letter}", warning=True)
        recorder.record(a_release(namespace), "Synced", "installed")
        recorder.record(a_release(namespace, "other"), "Failed", "pod z", warning=True)

        async def told() -> bool:
            found = {event["message"] for event in await events(kube, namespace)}
            return {"installed", "pod z", "pod o"} <= found

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
