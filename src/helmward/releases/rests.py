"""What HelmReleases in sync stood on, so that a check of one that still does costs nothing.

`loop` asks before it composes values anew. What is kept holds no values: only
doing nothing, or a look at the objects, may follow from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from helmward.model import Chart, Declared, Desired, Key, SourceKind


@dataclass(frozen=True, slots=True)
class _Rest:
    """What was asked for, and what it came to; without the values."""

    asks: tuple[object, ...]
    desired: Desired


class Rests:
    """The HelmReleases that were in sync at their last turn.

    `known` gives a chart without asking its source, None where that has to be
    asked; `current` tells whether what a key has read is still as it was.
    """

    def __init__(
        self,
        known: Callable[[Declared, timedelta], Chart | None],
        current: Callable[[Key], bool],
    ) -> None:
        self._known = known
        self._current = current
        self._rests: dict[Key, _Rest] = {}

    def keep(self, declared: Declared, desired: Desired) -> None:
        """Note that a HelmRelease is in sync with this."""
        if desired.chart is None or _reads_the_web(declared):
            self.forget(declared.key)
            return
        bare = replace(desired, values=b"{}", hidden=frozenset(), origins={})
        self._rests[declared.key] = _Rest(declared.asks, bare)

    def still(self, declared: Declared, fresh: timedelta) -> Desired | None:
        """Return what is asked for if nothing of it has changed; without the values.

        None: it has to be found out anew.
        """
        rest = self._rests.get(declared.key)
        if rest is None or rest.asks != declared.asks or not self._current(declared.key):
            return None
        chart = self._known(declared, fresh)
        return rest.desired if chart is not None and chart == rest.desired.chart else None

    def known(self, key: Key) -> bool:
        """Tell whether a HelmRelease was in sync, and no action has been begun since."""
        return key in self._rests

    def forget(self, key: Key) -> None:
        """Keep nothing of a key."""
        self._rests.pop(key, None)


def _reads_the_web(declared: Declared) -> bool:
    """Tell whether values come from where nobody tells of a change."""
    return any(one.kind is SourceKind.EXTERNAL for one in declared.values_from)
