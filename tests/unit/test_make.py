"""`make` alone shows the way."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_make_alone_lists_every_task_with_a_sentence() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    done = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    for task in phony[1].split():
        assert re.search(rf"^  make {task} +[A-Z].*\.$", done.stdout, re.MULTILINE), task


@pytest.mark.parametrize("task", ["demo", "test"])
def test_demo_and_test_set_everything_up_first(task: str) -> None:
    """Both are the first thing that a newcomer types."""
    assert re.search(rf"^{task}: setup ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_an_old_python_is_met_with_advice(tmp_path: Path) -> None:
    for name in ("python", "python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\n')
        program.chmod(0o755)
    done = subprocess.run(
        [ROOT / "tools" / "venv.sh", tmp_path / "venv", "1"],
        env=os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHON": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()
