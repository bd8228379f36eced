"""What is to be reached, and whether this run reached it. Pure: no verdict is written by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Final

from bench.collected import Collected
from bench.findings import Growth
from bench.loads import LARGE, NO_PODS
from bench.results import FLOOR, HELM_CLI, HELMWARD, Contest, Verb

MET, MISSED = "met", "MISSED"
FLAT: Final = 1.25
"""Times the first cost up to which growth counts as flat: a batch differs as much from itself."""
REQUESTS: Final = {Verb.INSTALL: 13.0, Verb.UPGRADE: 13.0}
OVER_FLOOR: Final = {Verb.INSTALL: 1.5, Verb.UPGRADE: 2.0}
UNDER_HELM: Final = {Verb.INSTALL: 5.0, Verb.UPGRADE: 10.0}


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure beside what it has to be."""

    what: str
    measured: float
    bar: float
    unit: str = ""
    least: bool = False
    """Whether the bar is the least that will do, not the most."""

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.measured >= self.bar if self.least else self.measured <= self.bar

    @property
    def verdict(self) -> str:
        """Say it in a word."""
        return MET if self.met else MISSED


def judged(collected: Collected) -> list[Bar]:
    """Put every figure of this run that has a bar beside it."""
    return [bar for rule in RULES for bar in rule(collected)]


def _failed(collected: Collected) -> Iterable[Bar]:
    for name in collected.failed:
        yield Bar(f"the part {name} came through", 0, 1, least=True)


def _storms(collected: Collected) -> Iterable[Bar]:
    for contest in _of(collected, NO_PODS.name):
        for verb, bar in OVER_FLOOR.items():
            yield from _over_floor(contest, verb, bar)
        if (wall := contest.wall(HELMWARD, Verb.UNINSTALL)) is not None:
            each = 100 * wall / contest.releases
            yield Bar(f"uninstall of {contest.releases}: for 100 of them", each, 3, "s")


def _against_helm(collected: Collected) -> Iterable[Bar]:
    for contest in _of(collected, NO_PODS.name):
        for verb, bar in UNDER_HELM.items():
            ratio = contest.ratio(HELM_CLI, HELMWARD, verb)
            if ratio is not None:
                what = f"{verb} of {contest.releases}: the helm CLI's wall over ours"
                yield Bar(what, ratio, bar, "x", least=True)


def _large(collected: Collected) -> Iterable[Bar]:
    for contest in _of(collected, LARGE.name):
        for verb in Verb:
            yield from _over_floor(contest, verb, 1.5, f", {LARGE.name} each")


def _over_floor(contest: Contest, verb: Verb, bar: float, more: str = "") -> Iterable[Bar]:
    ratio = contest.ratio(HELMWARD, FLOOR, verb)
    if ratio is not None:
        yield Bar(f"{verb} of {contest.releases}{more}: wall over the floor's", ratio, bar, "x")


def _requests(collected: Collected) -> Iterable[Bar]:
    for contest in _of(collected, NO_PODS.name):
        score = contest.score(HELMWARD)
        for verb, storm in (score.storms if score else {}).items():
            if verb in REQUESTS:
                what = f"{verb} of {contest.releases}: API requests each, its Lease left out"
                yield Bar(what, storm.caused_each, REQUESTS[verb])
            yield Bar(
                f"{verb} of {contest.releases}: discovery requests in all", storm.discovery, 0
            )


def _alone(collected: Collected) -> Iterable[Bar]:
    for contest in _of(collected, NO_PODS.name):
        score = contest.score(HELMWARD)
        for verb, alone in (score.alone if score else {}).items():
            if verb is not Verb.UNINSTALL:
                yield Bar(f"{verb} alone: median", 1000 * alone.median, 150, "ms")
                yield Bar(f"{verb} alone: p95", 1000 * alone.p95, 300, "ms")


def _idle(collected: Collected) -> Iterable[Bar]:
    if (idle := collected.idle) is not None:
        what = f"{idle.releases} idle releases"
        yield Bar(f"{what}: CPU in a minute", idle.a_minute(sum(idle.cpu.values())), 0.3, "s")
        yield Bar(f"{what}: API requests in a minute", idle.a_minute(idle.requests.total()), 10)
        yield Bar(f"{what}: RSS of both", sum(idle.resident.values()), 250, "MB")


def _many(collected: Collected) -> Iterable[Bar]:
    if (many := collected.many) is not None:
        at_once = f"{many.releases} HelmReleases at once: Ready"
        yield Bar(at_once, many.releases, many.releases, least=True)
        what = f"restart with {many.releases} in sync"
        looked_at = inf if many.looked_at is None else many.looked_at
        yield Bar(f"{what}: until all were looked at", looked_at, 10, "s")
        yield Bar(f"{what}: writes beyond the Lease", many.writes.total(), 0)


def _growth(collected: Collected) -> Iterable[Bar]:
    for grown in collected.growth:
        there = f"{grown.steps[-1].there} over {grown.steps[0].there} releases"
        what = f"growth in {_namespaces(grown)}, {there}"
        yield Bar(f"{what}: wall each", grown.wall, FLAT, "x")
        yield Bar(f"{what}: CPU each", grown.cpu, FLAT, "x")
        yield Bar(f"{what}: requests each", grown.requests, FLAT, "x")


def _namespaces(grown: Growth) -> str:
    return "one namespace" if grown.namespaces == 1 else f"{grown.namespaces} namespaces"


def _wait(collected: Collected) -> Iterable[Bar]:
    if (wait := collected.wait) is not None:
        yield Bar(
            f"{wait.releases} releases of {wait.each:.0f} s each: all ready", wait.wall, 40, "s"
        )


def _awake(collected: Collected) -> Iterable[Bar]:
    if (drift := collected.drift) is not None:
        yield Bar("a deleted object is back: median", 1000 * median(drift.deleted.took), 1000, "ms")
        yield Bar("an edited object is back: median", 1000 * median(drift.edited.took), 1000, "ms")
    if (depends := collected.depends) is not None:
        middle = 1000 * median(depends.took.took)
        yield Bar("a dependent begins after its dependency is Ready: median", middle, 200, "ms")


def _of(collected: Collected, load: str) -> list[Contest]:
    return [one for one in collected.contests if one.load == load]


RULES: Final[tuple[Callable[[Collected], Iterable[Bar]], ...]] = (
    _failed,
    _storms,
    _against_helm,
    _large,
    _requests,
    _alone,
    _idle,
    _many,
    _growth,
    _wait,
    _awake,
)
