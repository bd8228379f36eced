"""What sources have answered, for all who ask the same on the same terms.

Used by `pull`. The engine knows indexes and archives; this spares a call to it
for each of a thousand releases of one chart.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple

from helmward.model import Access, Chart, ChartRef, Verification

MOST: Final = 4096
"""Answers that are kept; the oldest go first."""


class Question(NamedTuple):
    """What is asked of a source, as whom, and who must have signed it."""

    ref: ChartRef
    access: Access
    verification: Verification | None


class Answers:
    """The charts that were found, by what was asked."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[Question, tuple[Chart, float]] = OrderedDict()
        self._most = most
        self.clock = clock

    def get(self, question: Question, fresh: timedelta) -> Chart | None:
        """Return the answer, unless the source was asked longer ago than `fresh`."""
        chart, since = self._kept.get(question, (None, 0.0))
        return chart if chart and self.clock() - since < fresh.total_seconds() else None

    def keep(self, question: Question, chart: Chart, asked: float) -> None:
        """Take in an answer, asked for at that time; a stale one is none that would do again."""
        self._kept.pop(question, None)
        if chart.stale_reason:
            return
        self._kept[question] = (chart, asked - chart.known_for.total_seconds())
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Let every source be asked anew: what was found is not there any more."""
        self._kept.clear()
