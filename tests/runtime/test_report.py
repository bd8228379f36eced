"""Status and events as the cluster shows them: once, whole, and without secrets."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from helmward.apis import V1BETA1
from helmward.errors import SessionLost
from helmward.kube import Kube
from helmward.kube.resources import EVENTS
from helmward.model import Account, Attempts, Chart, Declared, Stage
from helmward.releases.report import Meters, Reporter
from helmward.runtime import EventRecorder
from tests.support.builders import NOW, a_revision
from tests.support.operator import HELM_RELEASES, install_crds
from tests.support.wait import until

PLANTED = "hunter2-of-the-shop"


def masked(text: str) -> str:
    return text.replace(PLANTED, "***")


@dataclass
class World:
    """One HelmRelease in a real cluster, and the reporter that speaks of it."""

    kube: Kube
    reporter: Reporter
    declared: Declared
    registry: CollectorRegistry

    async def written(self) -> Mapping[str, Any]:
        key = self.declared.key
        return await self.kube.get(HELM_RELEASES, key.name, key.namespace)

    async def events(self) -> list[Mapping[str, Any]]:
        found, _ = await self.kube.list(EVENTS, self.declared.key.namespace)
        return [one for one in found if one["involvedObject"]["name"] == "cart"]


@pytest.fixture
async def world(kube: Kube, namespace: str) -> AsyncIterator[World]:
    await install_crds(kube)
    chart = {"repository": "https://charts.example.com", "name": "cart", "version": "1.0.0"}
    made = await kube.create(
        HELM_RELEASES,
        {
            "apiVersion": HELM_RELEASES.api_version,
            "kind": HELM_RELEASES.kind,
            "metadata": {"name": "cart", "namespace": namespace},
            "spec": {"chart": chart},
        },
    )
    recorder, registry = EventRecorder(kube), CollectorRegistry()
    sending = asyncio.create_task(recorder.run())
    generations = {V1BETA1.resource.api_version: V1BETA1}
    reporter = Reporter(kube, generations, recorder, Meters(registry, lambda: 0.0), masked)
    yield World(kube, reporter, V1BETA1.decode(json.dumps(made).encode()), registry)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


def an_account(declared: Declared, **changes: Any) -> Account:
    given: dict[str, Any] = {
        "generation": declared.generation,
        "release": declared.release,
        "stage": Stage.READY,
        "reason": "InSync",
        "message": "revision 1 is in sync",
        "chart_name": "cart",
        "newest": a_revision(),
    }
    return Account(**given | changes)


def a_failure(declared: Declared, **changes: Any) -> Account:
    said = f"Deployment/cart: pod cart-0 says: password {PLANTED} refused"
    given: dict[str, Any] = {
        "stage": Stage.WAITING,
        "reason": "ReleaseFailed",
        "message": said,
        "action": "upgrade",
        "attempts": Attempts(1, "asked", NOW, said),
    }
    return an_account(declared, **given | changes)


async def test_a_status_that_says_nothing_new_is_not_sent_again(world: World) -> None:
    account = an_account(world.declared)

    assert await world.reporter.report(world.declared, account)
    first = await world.written()
    assert not await world.reporter.report(world.declared, account)

    assert (await world.written())["metadata"] == first["metadata"]
    assert first["status"]["releaseName"] == world.declared.release.name


async def test_a_status_is_heard_of_once_it_is_written(world: World) -> None:
    """Who waits for a HelmRelease need not wait for its watch; what says nothing new is no news."""
    heard: list[tuple[int, int]] = []
    world.reporter.subscribe(lambda _, old, new: heard.append((old.generation, new.generation)))

    for _ in range(2):
        await world.reporter.report(world.declared, an_account(world.declared))

    assert heard == [(0, 1)]


async def test_a_warning_is_an_event_of_its_own_and_masked(world: World) -> None:
    world.reporter.warn(world.declared, "DependentsLeft", f"goes although {PLANTED} is left")

    (event,) = await until(world.events)
    assert (event["type"], event["reason"]) == ("Warning", "DependentsLeft")
    assert PLANTED not in event["message"]


async def test_what_was_ready_is_told_again_once_something_else_was_said(world: World) -> None:
    """That nothing is new is remembered of the very status that tells of it, and of no other."""
    account = an_account(world.declared)
    said = [await world.reporter.report(world.declared, account) for _ in range(3)]
    assert said == [True, False, False]
    assert await world.reporter.report(world.declared, a_failure(world.declared))
    assert await world.reporter.report(world.declared, account)


async def test_a_status_of_a_resource_that_is_gone_is_nobodys_trouble(world: World) -> None:
    key = world.declared.key
    await world.kube.delete(HELM_RELEASES, key.name, key.namespace)

    assert not await world.reporter.report(world.declared, an_account(world.declared))


async def test_success_and_failure_have_their_generations_reasons(world: World) -> None:
    """Alerts look for Warning and for the reason; the cause stands in the message."""
    world.reporter.event(world.declared, an_account(world.declared, message="installed"))
    world.reporter.event(world.declared, a_failure(world.declared))

    events = await until(lambda: _both(world))

    told = {(one["type"], one["reason"], one["message"]) for one in events}
    assert told == {
        ("Normal", V1BETA1.synced_event, "installed"),
        (
            "Warning",
            V1BETA1.failed_event,
            "Deployment/cart: pod cart-0 says: password *** refused",
        ),
    }


async def _both(world: World) -> list[Mapping[str, Any]]:
    found = await world.events()
    return found if len(found) == 2 else []


async def test_every_way_out_is_masked(world: World) -> None:
    """Secrets in a container's last words, a source's answer, a URL: none of it leaves."""
    stale = Chart("sha256:x", "cart", "1.0.0", stale_reason=f"no answer: {PLANTED}")
    failure = a_failure(
        world.declared,
        chart=stale,
        newest=replace(a_revision(), description=f"failed: {PLANTED}"),
        chart_problem=f"https://me:{PLANTED}@charts.example.com and https://me:pw9@c.example",
    )
    with structlog.testing.capture_logs() as logs:
        await world.reporter.report(world.declared, failure)
        await world.reporter.report(world.declared, replace(failure, chart_problem=""))
        world.reporter.event(world.declared, failure)
        world.reporter.phase(world.declared, "applying", f"Secret {PLANTED}")
        world.reporter.acted("upgrade", world.declared, 1.0, success=False)
    (event,) = await until(world.events)

    left = json.dumps([await world.written(), event, logs], default=str)
    assert PLANTED not in left
    assert "pw9" not in left
    assert "password *** refused" in left


async def test_a_session_that_is_over_writes_no_status(world: World) -> None:
    """A process that was stopped and woken must not overwrite what its successor said."""
    before = await world.written()
    woken = Reporter(
        world.kube,
        {V1BETA1.resource.api_version: V1BETA1},
        EventRecorder(world.kube),
        Meters(CollectorRegistry(), lambda: 0.0),
        alive=lambda: False,
    )

    with pytest.raises(SessionLost):
        await woken.report(world.declared, an_account(world.declared))

    assert await world.written() == before


async def test_names_are_left_whole_by_the_mask(world: World) -> None:
    """A secret that happens to be the release's name must not rename the release."""
    everything = Reporter(
        world.kube,
        {V1BETA1.resource.api_version: V1BETA1},
        EventRecorder(world.kube),
        Meters(CollectorRegistry(), lambda: 0.0),
        lambda _: "***",
    )

    await everything.report(world.declared, an_account(world.declared))

    status = (await world.written())["status"]
    assert status["releaseName"] == world.declared.release.name
    assert status["revision"] == "1.0.0"


async def test_a_log_line_names_release_and_resource_as_the_old_operator_did(world: World) -> None:
    """Scripts look for `upgrade failed` and for these keys."""
    with structlog.testing.capture_logs() as logs:
        world.reporter.acted("upgrade", world.declared, 1.0, success=False)

    namespace = world.declared.key.namespace
    assert [one["event"] for one in logs] == ["upgrade failed"]
    assert logs[0]["resource"] == f"{namespace}:helmrelease/cart"
    assert logs[0]["release"] == f"{namespace}-cart"
    assert logs[0]["targetNamespace"] == namespace


async def test_reporting_measures_how_the_release_stands(world: World) -> None:
    key = world.declared.key
    await world.reporter.report(world.declared, a_failure(world.declared))

    who = {"api": key.api, "namespace": key.namespace, "name": key.name}
    assert world.registry.get_sample_value("helmward_release_attempts", who) == 1
    where = {"target_namespace": key.namespace, "release_name": world.declared.release.name}
    labels = {**where, "condition": "Released"}
    name = "flux_helm_operator_release_condition_info"
    assert world.registry.get_sample_value(name, labels) == -1


async def test_a_report_that_comes_after_the_end_leaves_no_series(world: World) -> None:
    world.reporter.forget(world.declared)
    await world.reporter.report(world.declared, an_account(world.declared))

    key = world.declared.key
    who = {"api": key.api, "namespace": key.namespace, "name": key.name}
    assert world.registry.get_sample_value("helmward_release_ready", who) is None
