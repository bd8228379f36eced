"""`make bench` works: short runs without the `helm` program; no figure is judged."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.results import FLOOR, HELMWARD

ROOT = Path(__file__).resolve().parents[2]


def measured(tmp_path: Path, *words: str) -> tuple[str, dict[str, Any]]:
    """Run the bench for a few releases, and return what it printed and what it wrote."""
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", "--quick", "--json", figures, *words],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(figures.read_text())


def test_a_short_run_measures_floor_and_helmward(tmp_path: Path) -> None:
    """The whole of it on a real control plane."""
    said, found = measured(
        tmp_path, *("--only", "storms", "--contestants", "floor,helmward", "--details")
    )

    assert "install of 10: wall over the floor's" in said
    first, second = found["contests"]
    assert (first["releases"], second["releases"]) == (10, 20)
    scores = {one["name"]: one for one in first["scores"]}
    assert scores[FLOOR]["storms"]["install"]["requests"]["create secrets"] == 10
    assert scores[HELMWARD]["storms"]["install"]["requests"]["create secrets"] == 10
    assert len(scores[HELMWARD]["alone"]["upgrade"]["took"]) == 3


def test_a_restart_and_growth_are_measured(tmp_path: Path) -> None:
    """Both start the operator on a plane of their own, one of them twice."""
    _, found = measured(tmp_path, "--only", "many,spread")

    assert found["many"]["looked_at"] >= found["many"]["readyz"] > 0
    assert found["many"]["turns"] >= found["many"]["releases"]
    assert [step["there"] for step in found["growth"][0]["steps"]] == [5, 20]


def test_a_part_that_does_not_exist_is_refused_by_name() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", "--only", "storms,tea"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "--only: no tea; there are storms, pods" in done.stderr
