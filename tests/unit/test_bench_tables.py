"""Tables, page and chart of `make bench` say what was measured."""

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import page, svg, tables
from bench.collected import Collected, Machine
from bench.contest_table import contest_grid, details_as_text
from bench.findings import Correction, Depends, Growth, Idle, Many, Step, Wait
from bench.grid import Grid, as_markdown, as_text
from bench.results import FLOOR, HELM_CLI, HELMWARD, Alone, Contest, Score, Storm, Usage, Verb

ROOT = Path(__file__).resolve().parents[2]
MACHINE = Machine(2, 8.0, "a processor", "3.11.7", "0.1.0", "v4.3.1", "v1.36.3")
ASKED = Counter({"patch secrets": 20, "list secrets": 4, "get /apis/apps/v1": 1})


def a_storm(wall: float, usage: Usage) -> Storm:
    return Storm(10, wall, usage, ASKED, {"etcd": 0.1})


def a_score(name: str, wall: float, usage: Usage) -> Score:
    alone = Alone((0.1, 0.2, 0.3))
    return Score(name, dict.fromkeys(Verb, a_storm(wall, usage)), dict.fromkeys(Verb, alone))


OURS = Usage({"operator": 0.1, "engine": 0.2}, {"operator": 70.0, "engine": 60.0})


@pytest.fixture
def contest() -> Contest:
    return Contest(
        "no pods",
        6,
        10,
        (
            a_score(FLOOR, 2.0, Usage({"client": 0.05})),
            a_score(HELM_CLI, 12.0, Usage({"helm": 3.0}, {"2 x": 80.0})),
            a_score(HELMWARD, 3.0, OURS),
        ),
    )


@pytest.fixture
def collected(contest: Contest) -> Collected:
    both = {"operator": 100.0, "engine": 90.0}
    steps = tuple(Step(there, a_storm(1.0, OURS)) for there in (10, 20))
    asked = Counter({"patch leases": 2})
    return Collected(
        MACHINE,
        contests=[contest],
        idle=Idle(20, 60.0, {"operator": 0.1, "engine": 0.0}, asked, both),
        many=Many(40, 3.0, OURS, 1.0, 2.0, 40, asked, OURS),
        growth=[Growth(1, steps), Growth(3, steps)],
        wait=Wait(5, 30.0, 33.0),
        drift=Correction(Alone((0.1, 0.2)), Alone((0.3,))),
        depends=Depends(Alone((0.05,))),
        seconds={"storms": 90.0, "drift": 30.0},
        skipped={"pods": "no time"},
    )


def test_every_figure_stands_beside_its_ratio_to_both_baselines(contest: Contest) -> None:
    """A wall time alone says nothing of another machine; a ratio does."""
    install = contest_grid(contest).rows[2]

    assert install == (
        *("", HELMWARD, "3.00", "1.50", "0.25"),
        *("10.0 + 20.0", "2.5", "1", "70 + 60", "200", "290"),
    )


def test_without_a_baseline_there_is_no_ratio(contest: Contest) -> None:
    """`--contestants helmward` still prints what it measured."""
    alone = Contest(contest.load, 6, 10, contest.scores[-1:])

    assert contest_grid(alone).rows[0][2:5] == ("3.00", "-", "-")


def test_requests_are_listed_for_each_release(contest: Contest) -> None:
    """What a release asks of the API server is the first thing to look at when it is slow."""
    said = details_as_text([contest])

    assert "Helmward, no pods, install of 10: 2.50 requests a release; CPU ms of etcd 10.0" in said
    assert "2.00  patch secrets" in said


def test_a_table_is_the_same_for_a_terminal_and_a_page() -> None:
    grid = Grid("Title", ("", "s"), [("a", "1"), ("long", "22")], notes=["A note."])
    assert as_text(grid).splitlines() == [
        *("", "Title", "", "       s", "a      1", "long  22", "", "A note.")
    ]
    assert as_markdown(grid).splitlines() == [
        *("### Title", "", "|  | s |", "| --- | ---: |", "| a | 1 |", "| long | 22 |"),
        *("", "A note."),
    ]


def test_every_part_that_was_measured_has_a_table(collected: Collected) -> None:
    titles = [grid.title for grid in tables.grids(collected)]
    assert titles == [
        "Bars",
        "10 releases of 6 objects at once, no pods",
        "20 idle releases, 60 s",
        "40 HelmReleases at once, then a restart",
        "Growth: what one more release costs",
        "Awake",
        "Parts of this run",
    ]


def test_the_verdicts_come_first_and_are_counted(collected: Collected) -> None:
    bars = next(iter(tables.grids(collected)))
    assert ("uninstall of 10: for 100 of them", "30 s", "at most 3 s", "MISSED") in bars.rows
    met = sum(row[-1] == "met" for row in bars.rows)
    assert bars.notes == [f"{met} of {len(bars.rows)} met."]


def test_what_was_not_measured_says_why(collected: Collected) -> None:
    collected.seconds |= {"wait": 3.0, "pods": 0.0}
    collected.failed["wait"] = "it took too long"
    *_, times = tables.grids(collected)
    assert times.rows[-2:] == [("wait", "3", "failed: it took too long"), ("pods", "0", "no time")]


def test_the_page_keeps_its_words_around_the_tables(collected: Collected, tmp_path: Path) -> None:
    """Only what stands between the marks is written anew."""
    written = tmp_path / "performance.md"
    written.write_text(f"# Before\n\n{page.BEGIN}\nold\n{page.END}\n\nAfter.\n")

    page.write_docs(tmp_path, collected)

    text = written.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\n\nAfter.\n")
    assert "| install | floor | 2.00 |" in text
    assert "old" not in text
    assert (tmp_path / "performance.svg").read_text() == svg.chart(collected)


def test_figures_that_were_written_can_be_read_again(collected: Collected, tmp_path: Path) -> None:
    """`--read` draws tables and chart anew without measuring."""
    figures = tmp_path / "figures.json"
    page.write_json(figures, collected)
    assert page.read_json(figures) == collected


def test_the_page_of_the_documentation_has_room_for_the_tables() -> None:
    """`--write` must find its marks."""
    text = (ROOT / "docs" / "performance.md").read_text()

    assert text.index(page.BEGIN) < text.index(page.END)


def test_the_chart_has_a_bar_for_every_ratio(collected: Collected) -> None:
    """Two contestants beside the floor, three verbs; the floor is the axis."""
    drawn = ET.fromstring(svg.chart(collected))  # noqa: S314  # drawn by ourselves
    texts = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]

    assert texts.count("1.50") == texts.count("6.00") == 3
    assert "install of 10, no pods" in texts
    assert {"0.5x", "1x", "2x", "4x", "8x"} <= set(texts)


def test_a_bar_that_is_longer_stands_for_more(collected: Collected) -> None:
    widths = re.findall(r'<rect x="250" y="\d+" width="([\d.]+)"', svg.chart(collected))
    ours, helm = float(widths[0]), float(widths[1])
    # On a logarithmic axis that begins at 0.5: log2(6 / 0.5) over log2(1.5 / 0.5).
    assert helm / ours == pytest.approx(2.26, abs=0.01)


def test_a_chart_without_a_contest_is_still_a_chart() -> None:
    drawn = ET.fromstring(svg.chart(Collected(MACHINE)))  # noqa: S314  # drawn by ourselves
    assert drawn.tag.endswith("svg")
