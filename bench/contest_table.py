"""One contest as a table: every figure beside its ratio to both baselines. Pure."""

from collections.abc import Iterable, Mapping

from bench.grid import Grid, Row
from bench.results import FLOOR, HELM_CLI, Alone, Contest, Score, Storm, Verb

HEADS: Row = (
    "",
    "contestant",
    "wall s",
    "x floor",
    "x helm",
    "CPU ms",
    "requests",
    "discovery",
    "peak RSS MB",
    "alone: median ms",
    "p95",
)
NONE = "-"


def contest_grid(contest: Contest) -> Grid:
    """Lay out one contest; CPU and requests are for each release, discovery is of all."""
    title = (
        f"{contest.releases} releases of {contest.objects} objects at once"
        if contest.load.endswith("objects")
        else f"{contest.releases} releases of {contest.objects} objects at once, {contest.load}"
    )
    return Grid(title, HEADS, list(_rows(contest)), words=2)


def details_as_text(contests: Iterable[Contest]) -> str:
    """List the requests of each release, and what they cost the control plane."""
    return "\n".join(
        line
        for contest in contests
        for score in contest.scores
        for verb, storm in score.storms.items()
        for line in _details(f"{score.name}, {contest.load}, {verb}", storm)
    )


def _details(what: str, storm: Storm) -> Iterable[str]:
    plane = ", ".join(f"{part} {ms:.1f}" for part, ms in storm.plane_cpu_each.items())
    of = f"of {storm.releases}: {storm.requests_each:.2f} requests a release"
    yield f"\n{what} {of}; CPU ms of {plane}"
    for request, count in storm.requests.most_common():
        yield f"  {count / storm.releases:8.2f}  {request}"


def _rows(contest: Contest) -> Iterable[Row]:
    for verb in Verb:
        for number, score in enumerate(contest.scores):
            yield (verb.value if number == 0 else "", *_row(contest, score, verb))


def _row(contest: Contest, score: Score, verb: Verb) -> Row:
    storm = score.storms[verb]
    return (
        score.name,
        f"{storm.wall:.2f}",
        _ratio(contest.ratio(score.name, FLOOR, verb)),
        _ratio(contest.ratio(score.name, HELM_CLI, verb)),
        _parts(storm.cpu_each),
        f"{storm.requests_each:.1f}",
        str(storm.discovery),
        _peaks(storm.usage.peak),
        *_alone(score.alone.get(verb)),
    )


def _ratio(ratio: float | None) -> str:
    return NONE if ratio is None else f"{ratio:.2f}"


def _parts(figures: Mapping[str, float]) -> str:
    """Write the figures of several parts as a sum."""
    return " + ".join(f"{figure:.1f}" for figure in figures.values()) or NONE


def _peaks(peaks: Mapping[str, float]) -> str:
    """Write peaks as a sum; a part that is a number of processes multiplies its own."""
    words = (
        f"{part} {mb:.0f}" if part.endswith(" x") else f"{mb:.0f}" for part, mb in peaks.items()
    )
    return " + ".join(words) or NONE


def _alone(alone: Alone | None) -> Row:
    if alone is None:
        return (NONE, NONE)
    return (f"{1000 * alone.median:.0f}", f"{1000 * alone.p95:.0f}")
