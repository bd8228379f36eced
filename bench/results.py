"""What was measured, as plain values. No I/O."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median, quantiles

FLOOR = "floor"
HELM_CLI = "helm CLI"
HELMWARD = "Helmward"


class Verb(StrEnum):
    """What is done to every release, in this order."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    UNINSTALL = "uninstall"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a contestant's processes have used so far, by the name of the part."""

    cpu: Mapping[str, float]
    """Seconds of user and system time."""
    peak: Mapping[str, float] = field(default_factory=dict)
    """Megabytes of resident memory at the most."""

    def since(self, before: "Usage") -> "Usage":
        """Return what was used meanwhile; peaks are those of the whole life."""
        cpu = {part: used - before.cpu.get(part, 0.0) for part, used in self.cpu.items()}
        return Usage(cpu, self.peak)


@dataclass(frozen=True, slots=True)
class Storm:
    """One verb for all releases at once."""

    releases: int
    wall: float
    """Seconds until the last release was done."""
    usage: Usage
    requests: Counter[str]
    """Answered by the API server, by `verb resource`."""
    plane_cpu: Mapping[str, float]
    """Seconds of the plane's parts, their own work on pods included."""

    @property
    def cpu_each(self) -> dict[str, float]:
        """Milliseconds of CPU for each release, by part."""
        return {part: 1000 * used / self.releases for part, used in self.usage.cpu.items()}

    @property
    def plane_cpu_each(self) -> dict[str, float]:
        """Milliseconds of CPU of the plane for each release, by part."""
        return {part: 1000 * used / self.releases for part, used in self.plane_cpu.items()}

    @property
    def requests_each(self) -> float:
        """Requests for each release."""
        return self.requests.total() / self.releases

    @property
    def caused_each(self) -> float:
        """Requests for each release, without Leases: those are renewed by the clock."""
        leases = sum(count for asked, count in self.requests.items() if asked.endswith(" leases"))
        return (self.requests.total() - leases) / self.releases

    @property
    def discovery(self) -> int:
        """How often the server was asked what it serves; such a request is about no object."""
        return sum(count for asked, count in self.requests.items() if " /" in asked)


@dataclass(frozen=True, slots=True)
class Alone:
    """One verb for one release at a time, on an idle machine; in seconds."""

    took: tuple[float, ...]

    @property
    def median(self) -> float:
        """What half of them stayed below."""
        return median(self.took)

    @property
    def p95(self) -> float:
        """What nearly all of them stayed below."""
        if len(self.took) == 1:
            return self.took[0]
        return quantiles(self.took, n=20, method="inclusive")[-1]


@dataclass(frozen=True, slots=True)
class Score:
    """One contestant's figures."""

    name: str
    storms: Mapping[Verb, Storm]
    alone: Mapping[Verb, Alone] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contest:
    """Contestants that did the same, each in a world of its own."""

    load: str
    objects: int
    releases: int
    scores: tuple[Score, ...]

    def score(self, name: str) -> Score | None:
        """Return the figures of a contestant; None if it did not take part."""
        return next((one for one in self.scores if one.name == name), None)

    def wall(self, name: str, verb: Verb) -> float | None:
        """Return a contestant's wall time; None if there is none."""
        found = self.score(name)
        storm = found.storms.get(verb) if found else None
        return storm.wall if storm else None

    def ratio(self, name: str, over: str, verb: Verb) -> float | None:
        """Return how many times as long one took as another."""
        one, other = self.wall(name, verb), self.wall(over, verb)
        return one / other if one and other else None
