"""A signal cancels the root task, and nothing else."""

import asyncio
import os
import signal

import pytest

from helmward.cli.running import until_stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_cleanly(number: signal.Signals) -> None:
    said: list[str] = []

    async def work() -> int:
        os.kill(os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            said.append("last words")
        return 1

    assert until_stopped(work()) == 0
    assert said == ["last words"]


def test_a_second_signal_does_not_cut_last_words_short() -> None:
    """Impatience must not leave processes and files behind."""
    said: list[str] = []

    async def work() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(5):
                await asyncio.sleep(0)
            said.append("last words")
        return 1

    assert until_stopped(work(), when_stopped=130) == 130
    assert said == ["last words"]


def test_work_that_ends_by_itself_gives_the_exit_code() -> None:
    async def work() -> int:
        return 7

    assert until_stopped(work()) == 7


def test_a_cancellation_from_elsewhere_is_not_taken_for_a_signal() -> None:
    async def work() -> int:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.Event().wait()
        return 0

    with pytest.raises(asyncio.CancelledError):
        until_stopped(work())
