"""Work beside a block: it ends with the block, and swallows nothing."""

import asyncio

import pytest

from helmward.runtime.beside import beside, to_the_end


async def test_it_runs_and_ends_with_the_block() -> None:
    steps: list[str] = []
    started = asyncio.Event()

    async def work() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            steps.append("work ended")

    async with beside(work()):
        await started.wait()
    steps.append("block ended")
    assert steps == ["work ended", "block ended"]


async def test_a_cancellation_at_the_very_end_is_not_lost() -> None:
    """Else a worker goes on for ever although it was told to stop."""
    reached = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            reached.set()
            await asyncio.sleep(0)

    async def worker() -> None:
        async with beside(work()):
            await asyncio.sleep(0)
        await asyncio.Event().wait()

    task = asyncio.create_task(worker())
    await reached.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()


async def test_an_error_of_the_block_passes_through() -> None:
    with pytest.raises(ValueError, match="mine"):
        async with beside(asyncio.sleep(60)):
            raise ValueError("mine")


async def test_a_bug_in_the_work_comes_out() -> None:
    async def work() -> None:
        raise ValueError("theirs")

    with pytest.raises(ValueError, match="theirs"):
        async with beside(work()):
            await asyncio.sleep(0)


async def test_a_write_is_finished_though_its_task_is_cancelled() -> None:
    """What the API server may have taken must be known to have been sent."""
    begun, go, steps = asyncio.Event(), asyncio.Event(), list[str]()

    async def write() -> None:
        begun.set()
        await go.wait()
        steps.append("written")

    task = asyncio.create_task(to_the_end(write()))
    await begun.wait()
    task.cancel()
    go.set()
    await asyncio.wait({task}, timeout=5)
    assert steps == ["written"]
    assert task.cancelled()
