"""The informer against a model of the API server: whatever breaks, it ends up right."""

import asyncio
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from helmward.kube import Kube, PartialObject, decode_partial
from helmward.kube.resources import CONFIG_MAPS
from helmward.runtime import Backoff, EventType, Informer, Store
from tests.support.fake_server import FakeServer
from tests.support.wait import until


def an_informer(server: FakeServer, *, base: float = 0.0) -> Informer[PartialObject]:
    informer = Informer(cast("Kube", server), CONFIG_MAPS, decode=decode_partial)
    informer._backoff = Backoff(base=base)
    return informer


steps = st.one_of(
    st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from("abc")),
    st.tuples(st.just("fault"), st.sampled_from(["end", "break", "break early", "expire"])),
    st.tuples(st.sampled_from(["compact", "turn"]), st.just("")),
)


@given(st.lists(steps, max_size=40), st.booleans())
def test_who_listens_ends_up_with_what_there_is(
    story: list[tuple[str, str]],
    streams: bool,
) -> None:
    """Objects come and go, watches end, break and expire, history is compacted."""
    asyncio.run(live(story, FakeServer(streams=streams)))


async def live(story: list[tuple[str, str]], server: FakeServer) -> None:
    informer = an_informer(server)
    heard: dict[str, PartialObject] = {}

    def hear(event: EventType, old: PartialObject | None, new: PartialObject | None) -> None:
        name = (new or cast("PartialObject", old)).metadata.name
        assert heard.get(name) == old
        assert (event is EventType.ADDED) == (old is None)
        if new is None:
            del heard[name]
        else:
            assert old is None or old.metadata.uid == new.metadata.uid
            heard[name] = new

    informer.subscribe(hear)
    task = asyncio.create_task(informer.run())
    for verb, what in story:
        await tell(server, verb, what)

    def settled() -> bool:
        expected = {name: decode_partial(bytes(raw)) for name, raw in server.objects.items()}
        return heard == expected == {found.metadata.name: found for found in informer.store}

    await until(settled, within=5, every=0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def tell(server: FakeServer, verb: str, what: str) -> None:
    if verb == "put":
        server.put(what)
    elif verb == "delete":
        server.delete(what)
    elif verb == "fault":
        server.faults.append(what)
    elif verb == "compact":
        server.compact()
    else:
        for _ in range(5):
            await asyncio.sleep(0)


async def running(informer: Informer[Any], condition: Any) -> None:
    task = asyncio.create_task(informer.run())
    await until(condition, within=5, every=0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("fault", ["refused", "break early"])
async def test_a_stream_that_fails_at_the_beginning_is_replaced_by_a_list(fault: str) -> None:
    """Old servers refuse it at once, those on an old etcd only in the stream."""
    server = FakeServer(streams=fault != "refused")
    server.faults.append(fault)
    server.put("a")
    informer = an_informer(server)
    await running(informer, informer.synced.is_set)

    assert server.lists == 1
    assert len(informer.store) == 1


async def test_watches_that_end_at_once_are_begun_less_and_less_often() -> None:
    """A server that accepts and closes must not be asked a thousand times a second."""
    server = FakeServer()
    informer = an_informer(server, base=0.001)
    await running(informer, lambda: server.watches == 6)

    assert informer._backoff.failures("") >= 4
    assert server.lists == 0


async def test_a_version_that_stays_too_old_is_no_endless_loop() -> None:
    """Each attempt lists anew and waits longer."""
    server = FakeServer()
    server.put("a")
    server.faults.extend(["expire"] * 6)
    informer = an_informer(server, base=0.001)
    await running(informer, lambda: not server.faults)

    assert informer.lists >= 6
    assert informer._backoff.failures("") >= 5
    assert len(informer.store) == 1


async def test_a_kind_that_may_not_be_watched_is_denied_until_it_may() -> None:
    """It is said once, and tried ever more seldom; what turns is told."""
    server = FakeServer(denied=True)
    server.put("a")
    told: list[tuple[bool, bool]] = []
    informer = Informer(
        cast("Kube", server),
        CONFIG_MAPS,
        decode=decode_partial,
        turned=lambda: told.append((informer.denied, informer.synced.is_set())),
    )
    informer._denials = Backoff(base=0.001)
    with capture_logs() as logs:
        task = asyncio.create_task(informer.run())
        await until(lambda: informer._denials.failures("") == 3, every=0)
        server.denied = False
        await until(informer.synced.is_set, every=0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert told[0] == (True, False)
    assert told[-1] == (False, True)
    assert informer._denials.failures("") == 0
    assert [one["event"] for one in logs if one["log_level"] == "warning"] == ["watch refused"]


async def test_objects_can_be_kept_elsewhere() -> None:
    """A late subscriber hears of them all the same."""
    server = FakeServer()
    server.put("a")
    mine: Store[PartialObject] = Store()
    informer = Informer(cast("Kube", server), CONFIG_MAPS, decode=decode_partial, into=mine)
    await running(informer, informer.synced.is_set)
    late = []
    informer.subscribe(lambda event, _old, _new: late.append(event))

    assert (len(mine), len(informer.store)) == (1, 0)
    assert late == [EventType.ADDED]
