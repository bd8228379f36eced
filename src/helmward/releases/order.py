"""The order of HelmReleases: who waits for whom, and who is woken when that is over.

`role` tells what changes, `loop` asks before each decision and says how a turn
ended. Only who waits is woken: a release in sync does not care. Lives in
memory; after a restart each turn finds out anew.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from helmward.model import Decision, Declared, Key, Observed, Refuse, Told, Wait
from helmward.releases.decide.dependencies import CYCLE, NOT_READY
from helmward.releases.dependencies import Graph, standing, steps

GRACE: Final = timedelta(seconds=3)
"""How long a deleted HelmRelease waits for the deletion of those that depend on it."""


class Order:
    """Who waits for what."""

    def __init__(
        self, graph: Graph, wake: Callable[[Key], None], let_go: Callable[[Key], None]
    ) -> None:
        self._graph = graph
        self._wake = wake
        self._let_go = let_go
        self._waiting: set[Key] = set()
        self._cyclic: set[Key] = set()
        self._going: dict[Key, datetime] = {}

    def seen(
        self, observed: Observed, declared: Declared, judged: tuple[str, ...] | None
    ) -> Observed:
        """Return what was found together with what has to come or go first.

        `judged` is what was found not ready of what has to be looked at; None
        before that look.
        """
        if declared.deleting:
            return self._seen_going(observed, declared)
        if not declared.depends_on:
            return observed
        return replace(
            observed,
            unready=(*self._graph.unready(declared), *(judged or ())),
            unjudged=judged is None and not all(one.seen_by_status for one in declared.depends_on),
            cycle=self._graph.cycle(declared),
        )

    def left_behind(self, declared: Declared) -> list[str]:
        """Return who still depends on a HelmRelease that goes, and does not go too."""
        return _named(one for one in self._graph.dependents(declared) if not one.deleting)

    def rest(self, key: Key, decision: Decision) -> None:
        """Note at the end of a turn whether it waits, and for what."""
        waits = isinstance(decision, Wait) and decision.reason == NOT_READY
        refused = isinstance(decision, Refuse) and decision.reason == CYCLE
        _keep(self._waiting, key, wanted=waits)
        _keep(self._cyclic, key, wanted=refused)
        if not waits:
            self._let_go(key)

    def forget(self, key: Key) -> None:
        """Forget a HelmRelease that is gone."""
        self._going.pop(key, None)
        self.rest(key, Wait(""))

    def reported(self, declared: Declared, before: Told, now: Told) -> None:
        """Wake who waits for a HelmRelease of which our own status now says something else."""
        if standing(declared, before) != standing(declared, now):
            self._wake_waiting(declared)

    def changed(self, old: Declared | None, new: Declared | None) -> None:
        """Wake who waits for a HelmRelease that came, changed or went, or in order with it."""
        one = new or old
        if one is None:
            return
        if old is None or new is None or standing(old, old.told) != standing(new, new.told):
            self._wake_waiting(one)
        else:
            self._wake_waiting(one, only_judges=True)
        if _edges(old) != _edges(new):
            self._steps_changed(old, new)

    def _seen_going(self, observed: Observed, declared: Declared) -> Observed:
        """Wait for dependents that go too, and a moment for those that may do so yet."""
        dependents = self._graph.dependents(declared)
        if not dependents or observed.now is None:
            return observed
        until = self._going.setdefault(declared.key, observed.now) + GRACE
        if observed.now >= until:
            dependents = [one for one in dependents if one.deleting]
        stay = any(not one.deleting for one in dependents)
        return replace(
            observed,
            dependents=tuple(_named(dependents)),
            dependents_until=until if stay else None,
        )

    def _wake_waiting(self, needed: Declared, *, only_judges: bool = False) -> None:
        name = str(needed.key)
        for one in self._graph.depending(name):
            if one.key in self._waiting and (not only_judges or _judges(one, name)):
                self._wake(one.key)

    def _steps_changed(self, old: Declared | None, new: Declared | None) -> None:
        """Wake whom a cycle holds that may be broken, or closed now; and who waits to go."""
        for key in self._cyclic:
            self._wake(key)
        if new and (way := self._graph.cycle(new)):
            for name in sorted(set(way.split(" -> "))):
                self._wake_all(self._graph.named(name))
        for name in _edges(old)[1] | _edges(new)[1]:
            self._wake_all(one for one in self._graph.named(name) if one.deleting)

    def _wake_all(self, some: Iterable[Declared]) -> None:
        for one in some:
            self._wake(one.key)


def _edges(declared: Declared | None) -> tuple[bool, frozenset[str]]:
    """Return whether one goes, and whom it depends on: what an order is made of."""
    if declared is None:
        return True, frozenset()
    return declared.deleting, frozenset(steps(declared))


def _judges(declared: Declared, name: str) -> bool:
    """Tell whether an expression of one reads a HelmRelease, any change of which counts."""
    return any(one.path == name and one.expression for one in declared.depends_on)


def _named(some: Iterable[Declared]) -> list[str]:
    return sorted({str(one.key) for one in some})


def _keep(keys: set[Key], key: Key, *, wanted: bool) -> None:
    (keys.add if wanted else keys.discard)(key)
