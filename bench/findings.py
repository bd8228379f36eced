"""What was measured beside the contests, as plain values. No I/O."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.results import Alone, Storm, Usage

WRITES: Final = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True, slots=True)
class Idle:
    """What releases cost while nothing changes."""

    releases: int
    seconds: float
    cpu: Mapping[str, float]
    """Seconds that each part used."""
    requests: Counter[str]
    resident: Mapping[str, float]
    """Megabytes at the end."""

    def a_minute(self, figure: float) -> float:
        """Return what a figure is in a minute."""
        return 60 * figure / self.seconds


@dataclass(frozen=True, slots=True)
class Many:
    """Very many HelmReleases at once, then a restart with all of them in sync."""

    releases: int
    wall: float
    usage: Usage
    readyz: float
    """Seconds from the start of the new process until /readyz said so."""
    looked_at: float | None
    """Seconds from the start of the new process until as many turns were counted; None is never."""
    turns: int
    requests: Counter[str]
    """Of the new process, until all was at rest."""
    usage_restarted: Usage

    @property
    def writes(self) -> Counter[str]:
        """What the new process wrote, beyond its Lease."""
        return Counter({what: count for what, count in self.requests.items() if _redone(what)})


def _redone(what: str) -> bool:
    verb, _, about = what.partition(" ")
    return verb in WRITES and about != "leases"


@dataclass(frozen=True, slots=True)
class Step:
    """A storm of new releases where so many are there when it is over."""

    there: int
    storm: Storm


@dataclass(frozen=True, slots=True)
class Growth:
    """What one more release costs the more there are."""

    namespaces: int
    steps: tuple[Step, ...]

    @property
    def wall(self) -> float:
        """How many times as long the last took as the first."""
        return self._last_over_first(lambda storm: storm.wall / storm.releases)

    @property
    def cpu(self) -> float:
        """How many times as much CPU the last took as the first."""
        return self._last_over_first(lambda storm: sum(storm.cpu_each.values()))

    @property
    def requests(self) -> float:
        """How many times as many requests the last took as the first."""
        return self._last_over_first(lambda storm: storm.requests_each)

    def _last_over_first(self, figure: Callable[[Storm], float]) -> float:
        first, last = figure(self.steps[0].storm), figure(self.steps[-1].storm)
        return last / first if first else 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Releases at once, of which each is ready a while after it was applied."""

    releases: int
    each: float
    wall: float


@dataclass(frozen=True, slots=True)
class Correction:
    """Objects that someone else deleted or edited, until they are back; in seconds."""

    deleted: Alone
    edited: Alone


@dataclass(frozen=True, slots=True)
class Depends:
    """From a dependency's Ready to the first write of who depends on it; in seconds."""

    took: Alone
