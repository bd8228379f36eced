"""Time that passes only when a test says so."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class VirtualTimer:
    """A call that is to come."""

    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass(slots=True)
class VirtualClock:
    """A `runtime.clock.Clock` that stands still until `advance`."""

    now: float = 0.0
    calls: list[tuple[float, int, VirtualTimer, Callable[[], Any]]] = field(default_factory=list)
    ticket: Iterator[int] = field(default_factory=itertools.count)

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> VirtualTimer:
        timer = VirtualTimer()
        due = self.now + delay
        heapq.heappush(self.calls, (due, next(self.ticket), timer, lambda: callback(*args)))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that falls into it."""
        end = self.now + seconds
        while self.calls and self.calls[0][0] <= end:
            due, _, timer, call = heapq.heappop(self.calls)
            self.now = due
            if not timer.cancelled:
                call()
        self.now = end
