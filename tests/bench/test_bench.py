"""`make bench` works: a short run without the `helm` program, and the table's arithmetic."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench import report, table
from bench.results import (
    FLOOR,
    HELM_CLI,
    HELMWARD,
    Alone,
    Machine,
    Results,
    Score,
    Storm,
    Usage,
    Verb,
)

ROOT = Path(__file__).resolve().parents[2]
MACHINE = Machine(2, 8.0, "a processor", "3.11.7", "0.1.0", "v4.3.1", "v1.36.3")


def a_score(name: str, wall: float, usage: Usage) -> Score:
    storm = Storm(10, wall, usage, Counter({"patch secrets": 20, "list secrets": 5}), {"etcd": 0.1})
    alone = Alone((0.1, 0.2, 0.3))
    return Score(name, dict.fromkeys(Verb, storm), dict.fromkeys(Verb, alone))


@pytest.fixture
def results() -> Results:
    return Results(
        MACHINE,
        10,
        (
            a_score(FLOOR, 2.0, Usage({"client": 0.05})),
            a_score(HELM_CLI, 12.0, Usage({"helm": 3.0}, {"2 x": 80.0})),
            a_score(HELMWARD, 3.0, Usage({"operator": 0.1, "engine": 0.2}, {"a": 70.0, "b": 60.0})),
        ),
    )


def rows_of(text: str, contestant: str) -> list[list[str]]:
    """Read a contestant's rows of a printed table, from its name on."""
    split = (re.split(r"\s{2,}", line.strip()) for line in text.splitlines())
    return [cells[cells.index(contestant) :] for cells in split if contestant in cells]


def test_every_figure_stands_beside_its_ratio_to_both_baselines(results: Results) -> None:
    """A wall time alone says nothing of another machine; a ratio does."""
    install, _, _ = rows_of(table.as_text(results), HELMWARD)

    assert install == [
        *(HELMWARD, "3.00", "1.50", "0.25"),
        *("10.0 + 20.0", "2.5", "70 + 60", "200", "290"),
    ]


def test_without_a_baseline_there_is_no_ratio(results: Results) -> None:
    """`--only helmward` still prints what it measured."""
    alone = Results(MACHINE, 10, results.scores[-1:])

    install, _, _ = rows_of(table.as_text(alone), HELMWARD)
    assert install[1:4] == ["3.00", "-", "-"]


def test_requests_are_listed_for_each_release(results: Results) -> None:
    """What a release asks of the API server is the first thing to look at when it is slow."""
    said = table.details_as_text(results)

    assert "Helmward, install: 2.50 requests a release; CPU ms of etcd 10.0" in said
    assert "2.00  patch secrets" in said


def test_the_page_keeps_its_words_around_the_table(results: Results, tmp_path: Path) -> None:
    """Only what stands between the marks is written anew."""
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter.\n")

    report.write_page(page, results)

    text = page.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\n\nAfter.\n")
    assert "| install | floor | 2.00 |" in text
    assert "old" not in text


def test_the_page_of_the_documentation_has_room_for_the_table() -> None:
    """`--write` must find its marks."""
    text = (ROOT / "docs" / "performance.md").read_text()

    assert text.index(report.BEGIN) < text.index(report.END)


def test_a_short_run_measures_floor_and_helmward(tmp_path: Path) -> None:
    """The whole of it on a real control plane; no figure is judged."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(ROOT / "bench" / "run.py"), "--quick", "-n", "5"]

    done = subprocess.run(
        [*command, "--only", "floor,helmward", "--json", str(figures)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    ratios = [row[2] for row in rows_of(done.stdout, HELMWARD)]
    assert len(ratios) == len(Verb)
    assert all(float(ratio) > 0 for ratio in ratios)
    measured = {one["name"]: one for one in json.loads(figures.read_text())["scores"]}
    assert measured[FLOOR]["storms"]["install"]["requests"]["create secrets"] == 5
    assert measured[HELMWARD]["storms"]["install"]["requests"]["create secrets"] == 5
