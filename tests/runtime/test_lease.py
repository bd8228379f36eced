"""Sessions on real Leases: who may write, who is gone, and who is neither."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from helmward.errors import NotFound, SessionLost
from helmward.kube import Kube, load_config
from helmward.kube.resources import LEASES
from helmward.runtime import Rhythm, Session, Sessions
from helmward.runtime.clock import boot_time
from tests.support.plane import Plane
from tests.support.tcp_proxy import proxied
from tests.support.wait import until

QUICK = Rhythm(renew=0.2, writer=1.0, observer=1.5)


@asynccontextmanager
async def held(session: Session) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a session; at the end it stops cleanly, unless it is lost."""
    task = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(10):
            await session.held.wait()
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def observed(sessions: Sessions) -> AsyncIterator[list[str]]:
    """Run an observer, and yield the sessions that it calls gone."""
    told: list[str] = []
    sessions.on_gone(told.append)
    task = asyncio.create_task(sessions.run())
    try:
        async with asyncio.timeout(10):
            await sessions.informer.synced.wait()
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def exists(kube: Kube, session: Session) -> bool:
    try:
        await kube.get(LEASES, session.lease, session.namespace)
    except NotFound:
        return False
    return True


async def test_a_session_is_a_lease_that_lives_as_long_as_it(kube: Kube, namespace: str) -> None:
    """Deleted on a clean stop: all others know at once."""
    session = Session(kube, namespace, host="Pod_1.example")
    assert not session.alive
    async with held(session):
        lease = await kube.get(LEASES, session.lease, namespace)
        assert session.alive

    assert session.name == f"{namespace}/{session.lease}"
    assert session.lease.startswith("helmward-pod-1-example-")
    assert lease["spec"]["holderIdentity"] == session.lease
    assert lease["spec"]["leaseDurationSeconds"] == 30
    assert not session.alive
    assert not await exists(kube, session)


async def test_the_lease_outlives_the_writers(kube: Kube, namespace: str) -> None:
    """Who sees it deleted may write at once, so nobody here may write any more."""
    session = Session(kube, namespace, rhythm=QUICK)
    at_the_end = []

    async def write() -> None:
        async with session.hold():
            try:
                await asyncio.Event().wait()
            finally:
                at_the_end.append(await exists(kube, session))

    task = asyncio.create_task(write())
    await until(session.held.is_set)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert at_the_end == [True]
    assert not await exists(kube, session)


async def test_a_loss_cancels_the_writers(kube: Kube, namespace: str) -> None:
    """They learn of it as they learn of a stop."""
    session = Session(kube, namespace, rhythm=QUICK)

    async def write() -> None:
        async with session.hold():
            await kube.delete(LEASES, session.lease, namespace)
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        await write()
    assert isinstance(caught.value.exceptions[0], SessionLost)


async def test_a_renewal_is_one_request_and_moves_the_deadline(kube: Kube, namespace: str) -> None:
    """By when it was sent, not by when it was answered."""
    session = Session(kube, namespace, rhythm=QUICK)
    async with held(session):
        first, before = session.deadline, kube.requests.copy()
        await until(lambda: session.deadline > first)
        sent = kube.requests - before

        assert sent == {("patch", "leases"): 1}
        assert session.remaining <= QUICK.writer
        assert session.deadline < boot_time() + QUICK.writer


async def test_without_an_answer_it_stops_in_time(plane: Plane, namespace: str) -> None:
    """The API server is frozen for us alone; others call us gone only later."""
    lost: list[str] = []
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as kube:
        session = Session(kube, namespace, rhythm=QUICK, on_lost=lost.append)
        async with held(session) as task:
            proxy.freeze(new_too=True)
            with pytest.raises(SessionLost, match="was not renewed in time"):
                await asyncio.wait_for(task, 5)
            over = boot_time() - session.deadline

        assert not session.alive
        assert 0 <= over < QUICK.observer - QUICK.writer
        assert "was not renewed in time" in lost[0]


async def test_a_session_that_was_lost_leaves_its_lease(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """Only an observer may say that its writer is dead."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as remote:
        session = Session(remote, namespace, rhythm=QUICK)
        async with held(session) as task:
            proxy.freeze(new_too=True)
            await asyncio.wait([task])

    assert await exists(kube, session)


async def test_a_process_that_was_suspended_knows_it_at_once(kube: Kube, namespace: str) -> None:
    """Before it asks anybody: the clock runs on while the machine sleeps."""
    slept = 0.0
    session = Session(kube, namespace, rhythm=QUICK, clock=lambda: boot_time() + slept)
    async with held(session) as task:
        slept, before = 60.0, kube.requests.total()
        assert not session.alive
        with pytest.raises(SessionLost):
            await asyncio.wait_for(task, 5)

        assert kube.requests.total() == before


async def test_a_short_outage_loses_nothing(plane: Plane, namespace: str) -> None:
    """It is tried again until the deadline."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as kube:
        session = Session(kube, namespace, rhythm=QUICK)
        async with held(session):
            proxy.cut()
            first = session.deadline
            await until(lambda: session.deadline > first)
            assert session.alive


async def test_a_renewal_whose_answer_was_lost_is_ours(plane: Plane, namespace: str) -> None:
    """The next one finds a conflict with ourselves."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as kube:
        session = Session(kube, namespace, rhythm=QUICK)
        async with held(session):
            proxy.lose_answers()
            first = session.deadline
            await until(lambda: session.deadline > first)
            assert session.alive
            assert kube.requests["get", "leases"] == 1


async def test_a_lease_deleted_by_hand_ends_the_session(kube: Kube, namespace: str) -> None:
    """It is not created again: somebody may have taken over."""
    session = Session(kube, namespace, rhythm=QUICK)
    async with held(session) as task:
        await kube.delete(LEASES, session.lease, namespace)
        with pytest.raises(SessionLost, match="was deleted"):
            await asyncio.wait_for(task, 5)

    assert not await exists(kube, session)


async def test_a_lease_of_the_same_name_is_not_ours(kube: Kube, namespace: str) -> None:
    """Deleted and created by somebody else between two renewals."""
    session = Session(kube, namespace, rhythm=QUICK)
    async with held(session) as task:
        await kube.delete(LEASES, session.lease, namespace)
        await kube.create(LEASES, session._fresh(), namespace)
        with pytest.raises(SessionLost):
            await asyncio.wait_for(task, 5)


async def test_a_living_session_stays_alive(kube: Kube, namespace: str) -> None:
    """For longer than the patience of its observers."""
    session = Session(kube, namespace, rhythm=QUICK)
    observer = Sessions(kube, namespace, rhythm=QUICK)
    async with held(session), observed(observer) as told:
        end = boot_time() + 2 * QUICK.observer
        await until(lambda: boot_time() > end)
        assert observer.alive(session.name)
        assert not await observer.kill(session.name, by="us")

        assert told == []


async def test_a_clean_stop_is_seen_at_once(kube: Kube, namespace: str) -> None:
    """Its releases need not wait."""
    session, observer = Session(kube, namespace), Sessions(kube, namespace)
    async with observed(observer) as told:
        async with held(session):
            await until(lambda: len(observer.informer.store))
            assert observer.alive(session.name)
        await until(lambda: told == [session.name], within=2)

        assert observer.gone(session.name)


async def test_a_silent_session_is_gone_and_can_be_killed(kube: Kube, namespace: str) -> None:
    """Its writer wakes up later and finds a conflict: it must drop everything."""
    session = Session(kube, namespace, rhythm=QUICK)
    observer = Sessions(kube, namespace, rhythm=QUICK)
    await session._take()
    async with observed(observer) as told:
        seen = boot_time()
        assert not await observer.kill(session.name, by="us")
        await until(lambda: told == [session.name])
        assert boot_time() - seen >= QUICK.observer - 0.1
        assert observer.gone(session.name)
        assert await observer.kill(session.name, by="us")
        session.deadline = boot_time() + 10

        with pytest.raises(SessionLost, match="was taken: dead-by:us"):
            await session._renew()
        assert observer.gone(session.name)
        assert told == [session.name]


async def test_who_woke_up_first_is_not_killed(kube: Kube, namespace: str) -> None:
    """The kill is of exactly the version that was seen to expire."""
    session = Session(kube, namespace, rhythm=QUICK)
    observer = Sessions(kube, namespace, rhythm=QUICK)
    await session._take()
    async with observed(observer) as told:
        await until(lambda: told)
        observer.informer._subscribers.clear()  # as if the watch lagged
        await session._renew_once()

        assert not await observer.kill(session.name, by="us")
        assert observer.alive(session.name)


async def test_a_killed_session_is_gone_for_every_observer(kube: Kube, namespace: str) -> None:
    """One kills, all know, and the rest is swept."""
    session = Session(kube, namespace, rhythm=QUICK)
    observer = Sessions(kube, namespace, rhythm=QUICK)
    other = Sessions(kube, namespace)
    await session._take()
    async with observed(observer) as told, observed(other) as told_too:
        await until(lambda: told)
        await observer.kill(session.name, by="us")
        await until(lambda: told_too == [session.name])
        await until(lambda: any(lease.killed for lease in observer.informer.store))
        await observer.bury()
        await until(lambda: not len(observer.informer.store))

        assert observer.gone(session.name)
        assert await observer.kill(session.name, by="us")


async def test_a_session_that_nobody_ever_saw(kube: Kube, namespace: str) -> None:
    """It counts as alive until a look at the cluster has shown that it is absent."""
    observer = Sessions(kube, namespace)
    async with observed(observer) as told:
        assert observer.alive(f"{namespace}/absent")
        await until(lambda: told == [f"{namespace}/absent"])

        assert observer.gone(f"{namespace}/absent")
        assert kube.requests["get", "leases"] == 1


async def test_a_frozen_observer_calls_nobody_gone(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """The silence is its own."""
    session = Session(kube, namespace, rhythm=QUICK)
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as remote:
        observer = Sessions(remote, namespace, rhythm=QUICK)
        async with held(session), observed(observer) as told:
            await until(lambda: len(observer.informer.store))
            proxy.freeze(new_too=True)
            end = boot_time() + 2 * QUICK.observer
            await until(lambda: boot_time() > end)
            assert told == []
            proxy.cut()
            proxy.thaw()
            await until(lambda: remote.requests["get", "leases"])
            assert observer.alive(session.name)
