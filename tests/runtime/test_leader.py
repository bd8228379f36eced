"""One Lease, two who want it: never both at work, and always one of them soon."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from helmward.errors import AccessDenied, NotFound, SessionLost
from helmward.kube import ClusterConfig, Kube, Selection, Start, WatchEvent, load_config
from helmward.kube.resources import LEASES
from helmward.runtime import Leader, Rhythm, Sessions
from helmward.runtime.clock import boot_time
from helmward.runtime.leader import keep_leading
from tests.support.plane import Plane
from tests.support.tasks import running
from tests.support.tcp_proxy import proxied
from tests.support.wait import until

NAME = "helmward-sync-main"


class LateWatch(Kube):
    """A client whose watches stand only when they may."""

    def __init__(self, config: ClusterConfig) -> None:
        super().__init__(config)
        self.may_watch = asyncio.Event()

    async def watch(
        self, selection: Selection, start: Start | None = None, *, quiet: float = 75.0
    ) -> AsyncGenerator[WatchEvent, None]:
        await self.may_watch.wait()
        async with aclosing(super().watch(selection, start, quiet=quiet)) as events:
            async for event in events:
                yield event


QUICK = Rhythm(renew=0.2, writer=1.0, observer=1.5)


@asynccontextmanager
async def candidate(leader: Leader) -> AsyncIterator["asyncio.Task[None]"]:
    """Let one want the Lease, and hold it once it has it."""
    task = asyncio.create_task(leader.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def a_leader(kube: Kube, namespace: str, host: str = "one", rhythm: Rhythm = QUICK) -> Leader:
    return Leader(kube, namespace, NAME, host=host, rhythm=rhythm)


async def holder_of(kube: Kube, namespace: str) -> str | None:
    """Return who the Lease says holds it; None when there is no Lease."""
    try:
        lease = await kube.get(LEASES, NAME, namespace)
    except NotFound:
        return None
    return str(lease["spec"]["holderIdentity"])


async def test_the_first_one_leads_and_the_other_stands_by(kube: Kube, namespace: str) -> None:
    """For longer than the patience of who waits."""
    first, second = a_leader(kube, namespace), a_leader(kube, namespace, "two")
    async with candidate(first):
        await until(lambda: first.alive)
        async with candidate(second):
            end = boot_time() + 2 * QUICK.observer
            await until(lambda: boot_time() > end)

            assert first.alive
            assert not second.held.is_set()
            assert await holder_of(kube, namespace) == first.identity


async def test_of_two_that_begin_at_once_one_leads(kube: Kube, namespace: str) -> None:
    """Creating the Lease is what settles it."""
    many = [a_leader(kube, namespace, f"host-{number}") for number in range(6)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.run()) for one in many]
        await until(lambda: any(one.alive for one in many))
        end = boot_time() + QUICK.renew * 2
        await until(lambda: boot_time() > end)
        assert sum(one.alive for one in many) == 1
        for task in tasks:
            task.cancel()


async def test_who_stops_lets_the_next_one_in_at_once(kube: Kube, namespace: str) -> None:
    """Though its Lease would have lasted for an hour: a roll-out must not wait."""
    slow = Rhythm(renew=1200, writer=2400, observer=3600)
    first = a_leader(kube, namespace, rhythm=slow)
    second = a_leader(kube, namespace, "two", rhythm=slow)
    async with candidate(first) as task:
        await until(lambda: first.alive)
        async with candidate(second):
            await until(lambda: second._waits_for)
            assert not second.held.is_set()

            task.cancel()
            await until(lambda: second.alive)

            assert not first.alive
            assert await holder_of(kube, namespace) == second.identity

    assert await holder_of(kube, namespace) is None


async def test_what_was_given_up_before_the_watch_stood_is_found_out(
    kube: Kube, namespace: str
) -> None:
    """The watch tells nothing of a Lease that it never saw; waiting for it could take an hour."""
    slow = Rhythm(renew=1200, writer=2400, observer=3600)
    first = a_leader(kube, namespace, rhythm=slow)
    async with LateWatch(kube.config) as late, candidate(first) as task:
        await until(lambda: first.alive)
        second = a_leader(late, namespace, "two", rhythm=slow)
        async with candidate(second):
            await until(lambda: second._waits_for)
            task.cancel()
            await asyncio.wait([task])
            assert await holder_of(kube, namespace) is None

            late.may_watch.set()
            await until(lambda: second.alive)


async def test_one_that_crashed_is_waited_for_once(kube: Kube, namespace: str) -> None:
    """As long as its Lease lasts, counted from when we saw it; then it is ours."""
    crashed, second = a_leader(kube, namespace), a_leader(kube, namespace, "two")
    await crashed._create()
    seen = boot_time()
    async with candidate(second):
        await until(lambda: second.alive)
        assert boot_time() - seen >= QUICK.observer - 0.1

        lease = await kube.get(LEASES, NAME, namespace)
        assert lease["spec"]["holderIdentity"] == second.identity
        assert lease["spec"]["leaseTransitions"] == 1
        crashed.deadline = boot_time() + 10
        with pytest.raises(SessionLost, match="was taken"):
            await crashed._renew()


async def test_a_longer_lease_is_waited_for_as_long_as_it_says(kube: Kube, namespace: str) -> None:
    """The two may have been given different flags."""
    longer = Rhythm(renew=1, writer=2, observer=4)
    crashed, second = a_leader(kube, namespace, rhythm=longer), a_leader(kube, namespace, "two")
    await crashed._create()
    seen = boot_time()
    async with candidate(second):
        await until(lambda: second.alive)

        assert boot_time() - seen >= longer.observer - 0.1


async def test_who_cannot_renew_has_stopped_before_another_begins(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """The API server is frozen for one of them alone, as for a process that is stopped."""
    over: list[float] = []
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as remote:
        first, second = a_leader(remote, namespace), a_leader(kube, namespace, "two")

        async def work() -> None:
            async with first.hold():
                try:
                    await asyncio.Event().wait()
                finally:
                    over.append(boot_time())

        task = asyncio.create_task(work())
        await until(lambda: first.alive)
        async with candidate(second):
            await until(lambda: second._waits_for)
            proxy.freeze(new_too=True)
            await until(lambda: second.alive)
            begun = boot_time()
            with pytest.raises(ExceptionGroup) as caught:
                await task

    assert isinstance(caught.value.exceptions[0], SessionLost)
    assert over[0] < begun


async def test_a_stand_by_that_hears_nothing_takes_nothing(
    plane: Plane, kube: Kube, namespace: str
) -> None:
    """The silence is its own: before it takes over it looks, and needs an answer."""
    async with proxied(load_config(plane.kubeconfig)) as (config, proxy), Kube(config) as remote:
        first, second = a_leader(kube, namespace), a_leader(remote, namespace, "two")
        async with candidate(first):
            await until(lambda: first.alive)
            async with candidate(second):
                await until(lambda: second._waits_for)
                proxy.freeze(new_too=True)
                end = boot_time() + 2 * QUICK.observer
                await until(lambda: boot_time() > end)
                proxy.cut()
                proxy.thaw()
                looked = remote.requests["get", "leases"]
                await until(lambda: remote.requests["get", "leases"] > looked + 1)

                assert first.alive
                assert not second.held.is_set()


async def test_an_answer_that_was_lost_leaves_no_lease_behind(kube: Kube, namespace: str) -> None:
    """Stopped while it asked: the Lease was granted, and nobody heard of it."""
    first, second = a_leader(kube, namespace), a_leader(kube, namespace, "two")
    await first._create()
    first._uid = first._version = ""

    await second._give_back()
    assert await holder_of(kube, namespace) == first.identity
    await first._give_back()

    assert await holder_of(kube, namespace) is None


async def test_missing_rights_are_told_and_not_waited_for(plane: Plane, namespace: str) -> None:
    """Nobody would ever lead, and nobody would know why."""
    config = load_config(plane.kubeconfig)
    nobody = replace(config, impersonate=(("Impersonate-User", "nobody"),))
    async with Kube(nobody) as kube:
        with pytest.raises(AccessDenied, match="leases"):
            await a_leader(kube, namespace).run()


async def test_it_is_no_session_of_the_release_role(kube: Kube, namespace: str) -> None:
    """Whose observers follow every session there is."""
    leader, observer = a_leader(kube, namespace), Sessions(kube, namespace)
    async with candidate(leader), running(observer.run()):
        await until(lambda: leader.alive)
        await observer.informer.synced.wait()

        assert not len(observer.informer.store)


async def test_work_begins_anew_when_the_lease_is_lost(kube: Kube, namespace: str) -> None:
    """Deleted by somebody: it stands by, leads again, and gives the Lease back at the end."""
    begun: list[str] = []

    async def work(leader: Leader) -> None:
        begun.append(leader.identity)
        await asyncio.Event().wait()

    async with running(keep_leading(lambda: a_leader(kube, namespace), work)):
        await until(lambda: begun)
        await kube.delete(LEASES, NAME, namespace)
        await until(lambda: len(begun) == 2)

    assert begun[0] != begun[1]
    assert await holder_of(kube, namespace) is None
