"""Turns: one at a time per key, deadlines, back-offs and bugs."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from helmward.errors import ClusterUnavailable, SpecInvalid
from helmward.runtime import Backoff, KeyedQueue, Workers
from helmward.runtime.workers import Slot, Slots, _slot, patiently, slot
from tests.support.virtual_clock import VirtualClock
from tests.support.wait import until

Handle = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def working(
    queue: KeyedQueue[str], handle: Handle, count: int = 4, deadline: float = 5.0
) -> AsyncIterator[Workers[str]]:
    backoff: Backoff[str] = Backoff(chance=lambda: 1.0)
    workers = Workers(queue, handle, count=count, deadline=deadline, backoff=backoff)
    task = asyncio.create_task(workers.run())
    yield workers
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_two_workers_never_share_a_key() -> None:
    """Whatever is added meanwhile, one turn ends before the next begins."""
    queue: KeyedQueue[str] = KeyedQueue()
    inside: Counter[str] = Counter()
    most, turns = 0, 0

    async def handle(key: str) -> None:
        nonlocal most, turns
        inside[key] += 1
        most, turns = max(most, inside[key]), turns + 1
        queue.add(key)
        await asyncio.sleep(0)
        inside[key] -= 1

    async with working(queue, handle):
        queue.add("a")
        queue.add("b")
        await until(lambda: turns > 200)

    assert most == 1


async def test_different_keys_are_handled_at_the_same_time() -> None:
    """A release that waits for its pods holds up no other."""
    queue: KeyedQueue[str] = KeyedQueue()
    together = asyncio.Barrier(3)

    async def handle(key: str) -> None:
        assert key
        await together.wait()

    async with working(queue, handle):
        for key in "abc":
            queue.add(key)
        await until(lambda: len(queue) == queue.in_work == 0)


async def test_a_transient_error_brings_the_key_back_later() -> None:
    """The first failure waits for a second, the next for two."""
    clock = VirtualClock()
    queue: KeyedQueue[str] = KeyedQueue(clock)
    turns = []

    async def handle(key: str) -> None:
        turns.append((key, clock.time()))
        if len(turns) < 3:
            raise ClusterUnavailable("down")

    async with working(queue, handle):
        queue.add("a")
        for delay in (1, 2):
            await until(lambda: queue.delayed)
            clock.advance(delay)
        await until(lambda: len(turns) == 3 and queue.in_work == 0)

    assert turns == [("a", 0), ("a", 1), ("a", 3)]


async def test_the_server_may_ask_for_a_longer_pause() -> None:
    """Retry-After of a 429 is honoured."""
    clock = VirtualClock()
    queue: KeyedQueue[str] = KeyedQueue(clock)

    async def handle(key: str) -> None:
        error = ClusterUnavailable(key)
        error.retry_after = 40.0
        raise error

    async with working(queue, handle):
        queue.add("a")
        await until(lambda: queue.delayed)

    assert queue._alarms["a"].due == 40


async def test_a_turn_over_its_deadline_is_cancelled_and_tried_again() -> None:
    """A hanging turn must not hold a worker for ever."""
    queue: KeyedQueue[str] = KeyedQueue(VirtualClock())
    ended = asyncio.Event()

    async def handle(key: str) -> None:
        assert key
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with working(queue, handle, deadline=0.01):
        queue.add("a")
        await until(lambda: queue.delayed)

    assert ended.is_set()


@pytest.mark.parametrize("bug", [ZeroDivisionError, TimeoutError, SpecInvalid])
async def test_a_bug_ends_the_group(bug: type[Exception]) -> None:
    """The process ends and is started again, rather than working half."""
    queue: KeyedQueue[str] = KeyedQueue()

    async def handle(key: str) -> None:
        raise bug(key)

    queue.add("a")
    with pytest.raises(ExceptionGroup) as caught:
        await Workers(queue, handle).run()
    assert isinstance(caught.value.exceptions[0], bug)


async def test_a_stop_cancels_the_turns() -> None:
    """What runs may speak its last words."""
    queue: KeyedQueue[str] = KeyedQueue()
    said = []

    async def handle(key: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            said.append(key)

    async with working(queue, handle) as workers:
        queue.add("a")
        await until(lambda: workers.busy)

    assert said == ["a"]
    assert workers.busy == 0


async def test_a_turn_that_only_waits_holds_up_no_other() -> None:
    """With one slot, a waiting turn gives it up; the next one works meanwhile."""
    queue: KeyedQueue[str] = KeyedQueue()
    go_on, done = asyncio.Event(), []

    async def handle(key: str) -> None:
        mine = slot()
        assert mine is not None
        if key == "waits":
            mine.leave()
            await go_on.wait()
            mine.back()
        done.append(key)

    async with working(queue, handle, count=1):
        queue.add("waits")
        queue.add("works")
        await until(lambda: done == ["works"])
        go_on.set()
        await until(lambda: done == ["works", "waits"])


async def test_who_comes_back_from_waiting_counts_again() -> None:
    """Coming back is never held up, but nobody else begins until a slot is free."""
    slots = Slots(1)
    await slots.take()
    mine = Slot(slots)
    mine.leave()
    mine.leave()
    await slots.take()
    mine.back()
    taking = asyncio.create_task(slots.take())
    slots.give()
    await asyncio.sleep(0)
    assert not taking.done()
    mine.leave()
    await asyncio.wait_for(taking, timeout=5)


async def test_who_waits_for_a_source_keeps_nobody_from_a_turn() -> None:
    """A repository that does not answer would take one worker after the other."""
    queue: KeyedQueue[str] = KeyedQueue()
    answer = asyncio.Event()
    done: list[str] = []

    async def handle(key: str) -> None:
        if key == "slow":
            await patiently(answer.wait(), after=0.0)
        done.append(key)

    async with working(queue, handle, count=1):
        queue.add("slow")
        queue.add("quick")
        await until(lambda: done == ["quick"])
        answer.set()
        await until(lambda: done == ["quick", "slow"])


async def test_what_goes_on_after_a_wait_is_no_more_than_there_are_slots() -> None:
    """Else a source that comes back would let hundreds work at once."""
    queue: KeyedQueue[str] = KeyedQueue()
    answer = asyncio.Event()
    most, inside, waiting = 0, 0, 0

    async def handle(key: str) -> None:
        nonlocal most, inside, waiting
        assert key
        waiting += 1
        await patiently(answer.wait(), after=0.0)
        inside += 1
        most = max(most, inside)
        for _ in range(5):
            await asyncio.sleep(0)
        inside -= 1

    async with working(queue, handle, count=2) as workers:
        for number in range(20):
            queue.add(str(number))
        await until(lambda: waiting == 20)
        answer.set()
        await until(lambda: workers.busy == 0)

    assert most == 2


async def test_a_quick_answer_keeps_the_slot() -> None:
    slots = Slots(1)
    await slots.take()
    mine = Slot(slots)

    async def turn() -> bool:
        token = _slot.set(mine)
        try:
            await patiently(asyncio.sleep(0))
        finally:
            _slot.reset(token)
        return mine.held

    assert await turn()


async def test_a_key_that_waits_for_a_slot_is_given_back_when_the_work_ends() -> None:
    """The next session finds it, else it would never be looked at again."""
    queue: KeyedQueue[str] = KeyedQueue()
    never = asyncio.Event()

    async def handle(key: str) -> None:
        assert key
        await never.wait()

    async with working(queue, handle, count=1):
        queue.add("first")
        queue.add("second")
        await until(lambda: queue.in_work == 2)
    assert queue.in_work == 0
    queue.add("second")
    assert await queue.get() == "second"
