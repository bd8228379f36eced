"""Everything of one run as tables, in the order of the page. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bench.bars import Bar, judged
from bench.collected import Collected, Machine
from bench.contest_table import contest_grid
from bench.findings import Growth, Idle, Many
from bench.grid import Grid, Row
from bench.results import Alone


def heading(machine: Machine) -> str:
    """Say on what it was measured, and which versions."""
    return (
        f"{machine.cores} cores ({machine.processor}), {machine.memory_gb:.0f} GB; "
        f"Helmward {machine.helmward}, Helm SDK {machine.helm_sdk}, "
        f"Kubernetes {machine.kubernetes}, Python {machine.python}"
    )


def grids(collected: Collected) -> Iterable[Grid]:
    """Return every table that there are figures for; the verdicts come first."""
    yield _verdicts(judged(collected))
    for contest in collected.contests:
        yield contest_grid(contest)
    if collected.idle:
        yield _idle(collected.idle)
    if collected.many:
        yield _many(collected.many)
    if collected.growth:
        yield _growth(collected.growth)
    if awake := list(_awake(collected)):
        yield Grid("Awake", ("", "times", "median ms", "p95", "least", "most"), awake)
    yield _times(collected)


def _verdicts(bars: list[Bar]) -> Grid:
    rows = [_verdict(one) for one in bars]
    missed = sum(not one.met for one in bars)
    notes = [f"{len(bars) - missed} of {len(bars)} met."]
    return Grid("Bars", ("", "measured", "bar", "verdict"), rows, notes=notes)


def _verdict(bar: Bar) -> Row:
    unit = f" {bar.unit}" if bar.unit else ""
    word = "at least" if bar.least else "at most"
    return (bar.what, f"{_figure(bar.measured)}{unit}", f"{word} {bar.bar:g}{unit}", bar.verdict)


def _figure(figure: float) -> str:
    """Write as many digits as tell something."""
    return f"{figure:.0f}" if figure >= 100 or figure == round(figure, 0) else f"{figure:.2f}"  # noqa: PLR2004


def _idle(idle: Idle) -> Grid:
    heads = ("", "operator", "engine", "both")
    rows = [
        _sum("CPU s in a minute", {part: idle.a_minute(cpu) for part, cpu in idle.cpu.items()}, 2),
        _sum("RSS MB", idle.resident, 0),
    ]
    total = idle.a_minute(idle.requests.total())
    notes = [f"API requests in a minute: {total:.0f}; of this time: {_listed(idle.requests)}"]
    title = f"{idle.releases} idle releases, {idle.seconds:.0f} s"
    return Grid(title, heads, rows, notes=notes)


def _many(many: Many) -> Grid:
    heads = ("", "operator", "engine", "both")
    rows = [
        _sum("at once: CPU s", many.usage.cpu, 1),
        _sum("at once: peak RSS MB", many.usage.peak, 0),
        _sum("restart: CPU s", many.usage_restarted.cpu, 1),
        _sum("restart: peak RSS MB", many.usage_restarted.peak, 0),
    ]
    looked_at = "never" if many.looked_at is None else f"after {many.looked_at:.1f} s"
    story = (
        f"All {many.releases} were Ready after {many.wall:.1f} s. After the restart /readyz said "
        f"yes after {many.readyz:.1f} s, and as many turns as there are releases were over "
        f"{looked_at}; {many.turns} in all."
    )
    notes = [
        story,
        f"Requests of the new process: {_listed(many.requests)}",
        f"Writes among them, its Lease left out: {_listed(many.writes)}",
    ]
    return Grid(f"{many.releases} HelmReleases at once, then a restart", heads, rows, notes=notes)


def _growth(growth: Iterable[Growth]) -> Grid:
    heads = ("namespaces", "releases there", "wall ms each", "CPU ms", "requests")
    rows = [row for grown in growth for row in _grown(grown)]
    return Grid("Growth: what one more release costs", heads, rows)


def _grown(grown: Growth) -> Iterable[Row]:
    for step in grown.steps:
        storm = step.storm
        cpu = " + ".join(f"{ms:.1f}" for ms in storm.cpu_each.values())
        wall = f"{1000 * storm.wall / storm.releases:.1f}"
        yield (str(grown.namespaces), str(step.there), wall, cpu, f"{storm.requests_each:.1f}")
    ratios = (f"{ratio:.2f}" for ratio in (grown.wall, grown.cpu, grown.requests))
    yield (str(grown.namespaces), "last / first", *ratios)


def _awake(collected: Collected) -> Iterable[Row]:
    if collected.drift:
        yield _times_of("a deleted object is back", collected.drift.deleted)
        yield _times_of("an edited object is back", collected.drift.edited)
    if collected.depends:
        yield _times_of("a dependent begins", collected.depends.took)
    if wait := collected.wait:
        once = Alone((wait.wall,))
        yield _times_of(f"{wait.releases} of {wait.each:.0f} s each are ready", once)


def _times_of(what: str, taken: Alone) -> Row:
    figures = (taken.median, taken.p95, min(taken.took), max(taken.took))
    return (what, str(len(taken.took)), *(f"{1000 * one:.0f}" for one in figures))


def _times(collected: Collected) -> Grid:
    rows = [
        (name, f"{seconds:.0f}", _why_not(collected, name))
        for name, seconds in collected.seconds.items()
    ]
    total = f"{sum(collected.seconds.values()) / 60:.1f} minutes in all."
    return Grid("Parts of this run", ("part", "s", "not measured"), rows, notes=[total])


def _why_not(collected: Collected, name: str) -> str:
    if name in collected.failed:
        return f"failed: {collected.failed[name]}"
    return collected.skipped.get(name, "")


def _sum(what: str, parts: Mapping[str, float], digits: int) -> Row:
    figures = (*parts.values(), sum(parts.values()))
    return (what, *(f"{figure:.{digits}f}" for figure in figures))


def _listed(requests: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in requests.most_common()) or "none"
