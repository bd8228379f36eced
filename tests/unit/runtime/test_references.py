"""References against a model of the API server: whatever breaks, no change is lost."""

import asyncio
from collections.abc import Callable
from typing import cast

from hypothesis import example, given
from hypothesis import strategies as st

from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from helmward.runtime import Backoff, KeyedQueue, References
from helmward.runtime.tracking import Ref
from tests.support.fake_server import FakeServer
from tests.support.wait import until

Seen = dict[str, dict[str, bytes]]
"""What each key has read last: the versions of objects by name."""

KEYS = ("one", "two")
NAMES = "abc"
steps = st.one_of(
    st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from(NAMES)),
    st.tuples(st.just("fault"), st.sampled_from(["end", "break", "expire"])),
    st.tuples(st.just("compact"), st.just("")),
    st.tuples(st.just("turn"), st.sampled_from(["1", "3", "40"])),
)


def followed(server: FakeServer, changed: Callable[[str], None]) -> References[str]:
    """References whose watch is begun again without a pause."""
    references = References(cast("Kube", server), namespace=None, changed=changed)
    references._listeners.listen(Ref(CONFIG_MAPS, "", "a"))
    (follower,) = references._listeners._together.values()
    follower._trouble = Backoff(base=0.0)
    return references


async def read(references: References[str], key: str, seen: Seen) -> None:
    """Give a key a turn."""
    view, found = references.entries(key), {}
    for name in NAMES:
        try:
            found[name] = (await view.entries(CONFIG_MAPS, "", name))["version"]
        except NotFound:
            continue
    seen[key] = found
    references.settle(key)


async def work(references: References[str], queue: KeyedQueue[str], seen: Seen) -> None:
    """Give turns to keys that are woken, and to no others."""
    while True:
        key = await queue.get()
        await read(references, key, seen)
        queue.done(key)


GAP = [("put", "a"), ("turn", "40"), ("put", "a"), ("compact", ""), ("turn", "40")]
WHILE_READ = [("put", "a"), *(step for _ in range(9) for step in (("turn", "1"), ("put", "a")))]


@example(GAP)
@example(WHILE_READ)
@given(st.lists(steps, max_size=40))
def test_who_is_woken_ends_up_with_what_there_is(story: list[tuple[str, str]]) -> None:
    """Objects come and go while they are read; watches end, break and expire."""
    asyncio.run(live(story, FakeServer()))


async def live(story: list[tuple[str, str]], server: FakeServer) -> None:
    queue: KeyedQueue[str] = KeyedQueue()
    references = followed(server, queue.add)
    seen: Seen = {}
    tasks = [
        asyncio.create_task(references.run()),
        *(asyncio.create_task(work(references, queue, seen)) for _ in KEYS),
    ]
    for key in KEYS:
        queue.add(key)
    for verb, what in story:
        await tell(server, verb, what)

    def settled() -> bool:
        there = {name: version_of(server, name) for name in server.objects}
        return all(seen.get(key) == there for key in KEYS)

    await until(settled, within=5, every=0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def version_of(server: FakeServer, name: str) -> bytes:
    newest = max(at for at, _, raw in server.history if raw is server.objects[name])
    return str(newest).encode()


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
        for _ in range(int(what)):
            await asyncio.sleep(0)


async def test_before_anything_is_referred_to_nothing_is_asked() -> None:
    server = FakeServer()
    references: References[str] = References(
        cast("Kube", server), namespace=None, changed=lambda _: None
    )
    task = asyncio.create_task(references.run())
    await asyncio.sleep(0)
    assert (server.watches, server.gets, len(references)) == (0, 0, 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
