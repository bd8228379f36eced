"""Results as a table: for a terminal, and in Markdown. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bench.results import FLOOR, HELM_CLI, Alone, Machine, Results, Score, Storm, Verb

Row = tuple[str, ...]

HEADS: Row = (
    "",
    "contestant",
    "wall s",
    "x floor",
    "x helm",
    "CPU ms",
    "requests",
    "peak RSS MB",
    "alone: median ms",
    "p95",
)
NONE = "-"


def as_text(results: Results) -> str:
    """Lay the table out for a terminal, machine and versions above it."""
    rows = [HEADS, *_rows(results)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (_line(row, widths) for row in rows)
    return "\n".join(["", heading(results), "", *lines, "", *_notes(results)])


def as_markdown(results: Results) -> str:
    """Write the table in Markdown, machine and versions above it."""
    borders = tuple("---" if at < 2 else "---:" for at in range(len(HEADS)))  # noqa: PLR2004
    lines = [f"| {' | '.join(row)} |" for row in (HEADS, borders, *_rows(results))]
    return "\n".join([heading(results), "", *lines])


def heading(results: Results) -> str:
    """Say what was measured, on what."""
    return f"{results.releases} releases of 6 objects at once, {_on(results.machine)}"


def details_as_text(results: Results) -> str:
    """List the requests of each release, and what they cost the control plane."""
    return "\n".join(
        line
        for score in results.scores
        for verb, storm in score.storms.items()
        for line in _details(f"{score.name}, {verb}", storm)
    )


def _details(what: str, storm: Storm) -> Iterable[str]:
    plane = ", ".join(f"{part} {ms:.1f}" for part, ms in storm.plane_cpu_each.items())
    yield f"\n{what}: {storm.requests_each:.2f} requests a release; CPU ms of {plane}"
    for request, count in storm.requests.most_common():
        yield f"  {count / storm.releases:8.2f}  {request}"


def _rows(results: Results) -> Iterable[Row]:
    for verb in Verb:
        for number, score in enumerate(results.scores):
            yield (verb.value if number == 0 else "", *_row(results, score, verb))


def _row(results: Results, score: Score, verb: Verb) -> Row:
    storm = score.storms[verb]
    return (
        score.name,
        f"{storm.wall:.2f}",
        _ratio(storm.wall, results.wall(FLOOR, verb)),
        _ratio(storm.wall, results.wall(HELM_CLI, verb)),
        _parts(storm.cpu_each, "{:.1f}"),
        f"{storm.requests_each:.1f}",
        _peaks(storm.usage.peak),
        *_alone(score.alone[verb]),
    )


def _ratio(wall: float, baseline: float | None) -> str:
    return f"{wall / baseline:.2f}" if baseline else NONE


def _parts(figures: Mapping[str, float], shape: str) -> str:
    """Write the figures of several parts as a sum."""
    return " + ".join(shape.format(figure) for figure in figures.values()) or NONE


def _peaks(peaks: Mapping[str, float]) -> str:
    """Write peaks as a sum; a part that is a number of processes multiplies its own."""
    words = (
        f"{part} {mb:.0f}" if part.endswith(" x") else f"{mb:.0f}" for part, mb in peaks.items()
    )
    return " + ".join(words) or NONE


def _alone(alone: Alone) -> Row:
    return (f"{1000 * alone.median:.0f}", f"{1000 * alone.p95:.0f}")


def _line(row: Row, widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if at < 2 else cell.rjust(width)  # noqa: PLR2004
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _on(machine: Machine) -> str:
    return (
        f"{machine.cores} cores ({machine.processor}), {machine.memory_gb:.0f} GB; "
        f"Helmward {machine.helmward}, Helm SDK {machine.helm_sdk}, "
        f"Kubernetes {machine.kubernetes}, Python {machine.python}"
    )


def _notes(results: Results) -> Sequence[str]:
    """Say how sums are to be read."""
    parts = {
        score.name: " + ".join(score.storms[Verb.INSTALL].usage.cpu) for score in results.scores
    }
    return [
        f"CPU and requests are for each release; CPU of {name}: {sum_}"
        for name, sum_ in parts.items()
    ]
