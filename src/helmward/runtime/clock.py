"""Time from outside: the running event loop in earnest, a virtual clock in tests."""

import time
from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""


class Clock(Protocol):
    """What the queue and the session observer need of time; an event loop has it."""

    def time(self) -> float:
        """Return seconds since some moment in the past."""

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call back once, `delay` seconds from now."""


def boot_time() -> float:
    """Return seconds that also pass while the machine is suspended."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
