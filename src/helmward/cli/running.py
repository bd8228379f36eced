"""Runs a coroutine until it ends or a signal asks it to stop.

Called by the commands that stay. SIGTERM and SIGINT cancel the root task only;
whoever owns other tasks ends them on the way out.
"""

import asyncio
import importlib
import signal
from collections.abc import Callable, Coroutine

from helmward.cli.shape import Exit

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def until_stopped(work: Coroutine[object, object, int], *, when_stopped: int = Exit.FINE) -> int:
    """Run `work` to its end and return its exit code; `when_stopped` after a signal."""
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        return runner.run(_stoppable(work, when_stopped))


async def _stoppable(work: Coroutine[object, object, int], when_stopped: int) -> int:
    """Await `work` in this, the root task, which the first signal cancels.

    A second signal changes nothing: last words have their own deadlines.
    """
    loop, root = asyncio.get_running_loop(), asyncio.current_task()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if not stopped and root:
            stopped = True
            root.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return await work
    except asyncio.CancelledError:
        if not stopped:
            raise
        return when_stopped


def _fast_loop() -> LoopFactory | None:
    """Take uvloop where it is installed, asyncio's own loop otherwise."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return None
    factory: LoopFactory = uvloop.new_event_loop
    return factory
