"""Who depends on whom among the HelmReleases, and what of it is not ready. Pure.

`order` asks. A HelmRelease is named by its namespace and name alone: where two
generations hold the name, as in the middle of a move from one to the other,
it is ready if either is.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from helmward.model import Declared, Dependency, Told

READY = "Ready"
SUSPENDED = "Suspended"
MISSING = "is not there"
DELETING = "is being deleted"


@dataclass(frozen=True, slots=True)
class Graph:
    """The HelmReleases by `namespace/name`, and who names whom."""

    named: Callable[[str], Sequence[Declared]]
    """Those that hold a name, of all generations."""
    depending: Callable[[str], Sequence[Declared]]
    """Those that depend on a name."""
    told: Callable[[Declared], Told]
    """What the status of one says now."""

    def unready(self, declared: Declared) -> tuple[str, ...]:
        """Return which HelmReleases are not ready that one depends on, each with the reason.

        Of those that an expression judges, only whether they are there.
        """
        found = ((one, self._trouble(one)) for one in declared.depends_on if one.is_release)
        return tuple(f"{one} {trouble}" for one, trouble in found if trouble)

    def cycle(self, declared: Declared) -> str:
        """Return the shortest way on which one comes back to itself; empty if there is none."""
        start = str(declared.key)
        if not declared.depends_on or not self.depending(start):
            return ""
        came_from: dict[str, str] = {}
        for step, before in self._walk(declared, living=True):
            if step == start:
                return " -> ".join(_way_back(came_from, start, before))
            came_from[step] = before
        return ""

    def dependents(self, declared: Declared) -> list[Declared]:
        """Return who loses something when a HelmRelease goes.

        Nobody where another generation's holds the name, and not who needs and
        is needed by it: one of the two has to go first.
        """
        name = str(declared.key)
        if any(one.key != declared.key and not one.deleting for one in self.named(name)):
            return []
        needed = {step for step, _ in self._walk(declared, living=False)} | {name}
        return [one for one in self.depending(name) if str(one.key) not in needed]

    def _trouble(self, dependency: Dependency) -> str:
        """Return what those that hold a name lack; empty if one of them is ready."""
        there = self.named(dependency.path)
        troubles = [trouble_of(one, self.told(one), dependency) for one in there]
        return next(iter(troubles), MISSING) if all(troubles) else ""

    def _walk(self, declared: Declared, *, living: bool) -> Iterator[tuple[str, str]]:
        """Yield what one depends on, the nearest first, each once and with the step before."""
        start = str(declared.key)
        seen: set[str] = set()
        line = deque([(start, steps(declared))])
        while line:
            before, names = line.popleft()
            for name in names:
                if name in seen:
                    continue
                seen.add(name)
                yield name, before
                if name != start:
                    line.append((name, self._next(name, living=living)))

    def _next(self, name: str, *, living: bool) -> list[str]:
        there = (one for one in self.named(name) if not (living and one.deleting))
        return [step for one in there for step in steps(one)]


def trouble_of(declared: Declared, told: Told, dependency: Dependency) -> str:
    """Return what one HelmRelease lacks to be ready for a dependency; empty if nothing.

    No more than the reason is told: the message may be for other eyes.
    """
    if declared.deleting:
        return DELETING
    if dependency.expression or not dependency.ready:
        return ""
    return standing(declared, told)


def standing(declared: Declared, told: Told) -> str:
    """Return what a HelmRelease lacks to be ready; empty if nothing."""
    conditions = {one.type: one for one in told.conditions}
    ready, suspended = conditions.get(READY), conditions.get(SUSPENDED)
    current = told.generation == declared.generation
    if ready and ready.status == "True" and current:
        return ""
    if suspended and suspended.status == "True":
        return "is suspended and not ready"
    if ready and ready.status == "False" and current:
        return f"is not ready: {ready.reason}"
    return "is not ready yet"


def steps(declared: Declared) -> list[str]:
    """Return which HelmReleases one depends on, by `namespace/name`."""
    return [one.path for one in declared.depends_on if one.is_release]


def _way_back(came_from: dict[str, str], start: str, last: str) -> list[str]:
    way = [start]
    while last != start:
        way.append(last)
        last = came_from[last]
    return [*way, start][::-1]
