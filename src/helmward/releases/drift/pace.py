"""How often objects are looked at: one that changes all the time has its turn now and then. Pure.

Where a field may differ, or is only told, whoever owns it by now may change it
every second: each change is a suspect, and each look costs requests.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from helmward.model import ObjectRef

OFTEN: Final = 5
"""How many looks at one object may follow each other as fast as it changes."""
WITHIN: Final = timedelta(minutes=5)
"""In what time."""
PAUSE: Final = timedelta(seconds=30)
"""How long it is left alone after each look beyond that."""


class Pace:
    """When the objects of one release were looked at."""

    def __init__(self) -> None:
        self._looks: dict[ObjectRef, tuple[datetime, ...]] = {}

    def looked(self, objects: Iterable[ObjectRef], now: datetime) -> None:
        """Take in that objects were looked at."""
        self._looks = {of: at for of, at in self._looks.items() if now - at[-1] < WITHIN}
        for one in objects:
            before = self._looks.get(one, ())
            self._looks[one] = (*before[-OFTEN:], now)

    def left_alone(self, now: datetime) -> frozenset[ObjectRef]:
        """Return the objects that were looked at often, and a moment ago."""
        return frozenset(of for of, at in self._looks.items() if now < _next(at))

    def next(self, now: datetime) -> datetime | None:
        """Return when the next of them has its turn."""
        return min((due for at in self._looks.values() if now < (due := _next(at))), default=None)


def _next(looks: tuple[datetime, ...]) -> datetime:
    """Return when an object may be looked at again."""
    often = len(looks) > OFTEN and looks[-1] - looks[0] < WITHIN
    return looks[-1] + PAUSE if often else looks[-1]
