"""The keyed queue, with a clock that stands still."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.runtime import KeyedQueue
from tests.support.virtual_clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def queue(clock: VirtualClock) -> KeyedQueue[str]:
    return KeyedQueue(clock)


async def taken(queue: KeyedQueue[str]) -> list[str]:
    """Take and finish all that waits."""
    keys = []
    while len(queue):
        keys.append(await queue.get())
        queue.done(keys[-1])
    return keys


async def test_ten_adds_are_one_turn(queue: KeyedQueue[str]) -> None:
    """A turn looks at everything anew, so it is enough."""
    for _ in range(10):
        queue.add("a")

    assert await taken(queue) == ["a"]


async def test_first_come_first_served(queue: KeyedQueue[str]) -> None:
    """Nobody starves within one priority."""
    for key in "cab":
        queue.add(key)

    assert await taken(queue) == ["c", "a", "b"]


async def test_a_higher_priority_goes_first(queue: KeyedQueue[str]) -> None:
    """A person's change overtakes the periodic look."""
    queue.add("routine")
    queue.add("urgent", priority=10)

    assert await taken(queue) == ["urgent", "routine"]


async def test_a_waiting_key_moves_forward_but_never_back(queue: KeyedQueue[str]) -> None:
    """The most urgent of several reasons counts."""
    for key in "abc":
        queue.add(key)
    queue.add("c", priority=1)
    queue.add("c", priority=-1)

    assert await taken(queue) == ["c", "a", "b"]


async def test_a_key_in_work_is_not_handed_out_again(queue: KeyedQueue[str]) -> None:
    """Two turns on one release would fight."""
    queue.add("a")
    await queue.get()
    queue.add("a")

    assert len(queue) == 0
    assert queue.in_work == 1


async def test_what_is_added_during_work_waits_until_done(queue: KeyedQueue[str]) -> None:
    """A change seen too late by the turn is seen by the next."""
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    queue.done(key)

    assert await taken(queue) == ["a"]


async def test_done_without_a_further_add_ends_it(queue: KeyedQueue[str]) -> None:
    """No change, no turn."""
    queue.add("a")
    queue.done(await queue.get())

    assert len(queue) == 0


async def test_the_earliest_of_several_delays_wins(
    queue: KeyedQueue[str], clock: VirtualClock
) -> None:
    """Who waits for an hour must not put off who waits for a minute."""
    queue.add_after("a", 60)
    queue.add_after("a", 5)
    queue.add_after("a", 30)
    clock.advance(5)

    assert await taken(queue) == ["a"]
    clock.advance(1000)
    assert len(queue) == 0


async def test_a_delayed_key_does_not_wait_in_line(
    queue: KeyedQueue[str], clock: VirtualClock
) -> None:
    """Metrics tell work that is due from work that is planned."""
    queue.add_after("a", 5)
    clock.advance(4.9)

    assert (len(queue), queue.delayed) == (0, 1)


async def test_an_add_at_once_leaves_the_planned_one(
    queue: KeyedQueue[str], clock: VirtualClock
) -> None:
    """The periodic look comes even if nobody plans it again."""
    queue.add_after("a", 5)
    queue.add("a")
    await taken(queue)
    clock.advance(5)

    assert await taken(queue) == ["a"]


async def test_a_delay_that_ends_during_work_is_remembered(
    queue: KeyedQueue[str], clock: VirtualClock
) -> None:
    """It is an add like any other."""
    queue.add("a")
    key = await queue.get()
    queue.add_after("a", 1)
    clock.advance(1)
    queue.done(key)

    assert await taken(queue) == ["a"]


async def test_a_forgotten_key_does_not_come_back(
    queue: KeyedQueue[str], clock: VirtualClock
) -> None:
    """Its object is gone."""
    queue.add_after("a", 5)
    queue.forget("a")
    clock.advance(10)

    assert len(queue) == 0


async def test_no_delay_is_an_add_at_once(queue: KeyedQueue[str]) -> None:
    """Callers compute delays and may come out below zero."""
    queue.add_after("a", -3)

    assert len(queue) == 1


async def test_the_age_is_that_of_the_oldest(queue: KeyedQueue[str], clock: VirtualClock) -> None:
    """It is what an alert looks at; moving forward makes nobody younger."""
    queue.add("a")
    clock.advance(3)
    queue.add("b")
    queue.add("a", priority=1)
    clock.advance(1)

    assert queue.oldest_age == 4
    await taken(queue)
    assert queue.oldest_age == 0


async def test_a_cancelled_worker_loses_no_key(queue: KeyedQueue[str]) -> None:
    """Who waits for a key and is cancelled leaves it to the next."""
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add("a")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert await taken(queue) == ["a"]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abc"), st.integers(0, 2)),
        st.tuples(st.just("after"), st.sampled_from("abc"), st.integers(1, 9)),
        st.tuples(st.just("get"), st.just(""), st.just(0)),
        st.tuples(st.just("done"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.just("advance"), st.just(""), st.integers(1, 9)),
    ),
    max_size=60,
)


@given(steps)
def test_no_key_is_with_two_and_none_is_lost(story: list[tuple[str, str, int]]) -> None:
    """Whatever happens in whatever order: the two promises hold."""
    asyncio.run(live(story))


async def live(story: list[tuple[str, str, int]]) -> None:
    clock = VirtualClock()
    queue: KeyedQueue[str] = KeyedQueue(clock)
    working: set[str] = set()
    wanted: set[str] = set()
    for verb, key, number in story:
        if verb == "add":
            queue.add(key, priority=number)
            wanted.add(key)
        elif verb == "after":
            queue.add_after(key, number)
            wanted.add(key)
        elif verb == "advance":
            clock.advance(number)
        elif verb == "get" and len(queue):
            got = await queue.get()
            assert got not in working
            working.add(got)
            wanted.discard(got)
        elif verb == "done" and key in working:
            working.discard(key)
            queue.done(key)
    clock.advance(100)
    for key in working:
        queue.done(key)
    assert wanted <= set(await taken(queue))


async def test_a_key_that_can_be_spared_waits_for_its_next_time(clock: VirtualClock) -> None:
    """Each time that comes is asked about; an add at once is not: somebody has seen something."""
    answers: list[float | None] = [30.0, None]
    queue: KeyedQueue[str] = KeyedQueue(clock, spare=lambda _: answers.pop(0))
    queue.add_after("a", 10)
    clock.advance(10)
    assert (len(queue), queue.delayed) == (0, 1)
    clock.advance(30)
    assert await taken(queue) == ["a"]
    queue.add("a")
    assert await taken(queue) == ["a"]
