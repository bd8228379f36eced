"""The storms as a chart: each wall time as a ratio to the floor of the same run. Pure.

Bars lie on a logarithmic axis that begins at half of the floor. Colours and
words are readable on a light and on a dark page; nothing but SVG is needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from math import ceil, log2
from typing import Final

from bench.bars import OVER_FLOOR
from bench.collected import Collected
from bench.results import FLOOR, HELM_CLI, HELMWARD, Contest, Verb

WIDTH: Final = 820
LEFT, RIGHT, TOP, BOTTOM = 250, 70, 76, 46
THICK, GAP, BETWEEN = 14, 3, 12
BEGINNING: Final = 0.5
COLOURS: Final = {HELMWARD: "#2f81f7", HELM_CLI: "#b08800"}
STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; } .small { font-size: 12px; }
.axis { stroke: #8c959f; stroke-width: 2; } .grid { stroke: #8c959f; stroke-opacity: .3; }
.bar { stroke: #cf222e; stroke-width: 2; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .bar { stroke: #ff7b72; } }
"""
TITLE: Final = "Wall time of a storm, as a ratio to the raw writes (the floor)"
AXIS: Final = (
    "times the floor of the same run, logarithmic; less is better; the red line is the bar"
)


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one verb in one contest."""

    label: str
    bars: tuple[tuple[str, float], ...]
    limit: float | None

    @property
    def height(self) -> int:
        """Pixels that it takes, with the space below."""
        return len(self.bars) * (THICK + GAP) + BETWEEN


def chart(collected: Collected) -> str:
    """Draw all contests that the floor took part in."""
    groups = [group for contest in collected.contests for group in _groups(contest)]
    doublings = _doublings(groups)
    height = TOP + sum(group.height for group in groups) + BOTTOM
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(TITLE)}</title><style>{STYLE}</style>",
        _text(16, 26, TITLE, "title"),
        *_legend(),
        *_scale(doublings, height - BOTTOM),
        *_drawn(groups, doublings),
        _text(LEFT, height - 10, AXIS, "small"),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _groups(contest: Contest) -> Iterable[Group]:
    for verb in Verb:
        ratios = ((name, contest.ratio(name, FLOOR, verb)) for name in COLOURS)
        bars = tuple((name, ratio) for name, ratio in ratios if ratio is not None)
        limit = OVER_FLOOR.get(verb) if contest.load == "no pods" else None
        if bars:
            yield Group(f"{verb} of {contest.releases}, {contest.load}", bars, limit)


def _doublings(groups: Iterable[Group]) -> int:
    """Return how many doublings of its beginning the axis has to hold."""
    most = max((ratio for group in groups for _, ratio in group.bars), default=1.0)
    return max(3, ceil(log2(most / BEGINNING)))


def _x(ratio: float, doublings: int) -> float:
    """Return where a ratio lies; what is less than the beginning lies there."""
    part = max(0.0, log2(ratio / BEGINNING)) / doublings
    return LEFT + (WIDTH - LEFT - RIGHT) * part


def _legend() -> Iterable[str]:
    for at, (name, colour) in enumerate(COLOURS.items()):
        x = 16 + 110 * at
        yield f'<rect x="{x}" y="40" width="12" height="12" rx="2" fill="{colour}"/>'
        yield _text(x + 18, 51, name, "small")


def _scale(doublings: int, bottom: int) -> Iterable[str]:
    for power in range(doublings + 1):
        ratio = BEGINNING * 2**power
        x = _x(ratio, doublings)
        yield _line(x, TOP - 6, bottom, "axis" if ratio == 1 else "grid")
        yield _text(x, TOP - 12, f"{ratio:g}x", "small", "middle")


def _drawn(groups: Iterable[Group], doublings: int) -> Iterable[str]:
    y = TOP
    for group in groups:
        middle = y + (group.height - BETWEEN) / 2 + 4
        yield _text(LEFT - 10, middle, group.label, anchor="end")
        for number, (name, ratio) in enumerate(group.bars):
            yield from _bar(y + number * (THICK + GAP), name, ratio, doublings)
        if group.limit:
            at = _x(group.limit, doublings)
            yield _line(at, y - 2, y + group.height - BETWEEN, "bar")
        y += group.height


def _bar(y: float, name: str, ratio: float, doublings: int) -> Iterable[str]:
    end = _x(ratio, doublings)
    size = f'width="{max(2.0, end - LEFT):.1f}" height="{THICK}"'
    yield f'<rect x="{LEFT}" y="{y}" {size} fill="{COLOURS[name]}" fill-opacity=".85"/>'
    yield _text(end + 6, y + THICK - 3, f"{ratio:.2f}", "small")


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" class="{kind}"/>'


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    at = f'x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"'
    return f"<text {at}>{escape(words)}</text>"
