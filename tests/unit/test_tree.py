"""What no file of ours may have in it."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_BY_A_MERGE = re.compile(r"^(<{7}|\|{7}|>{7}) ", re.MULTILINE)
SUFFIXES = {".py", ".go", ".md", ".toml", ".yaml", ".yml", ".proto", ".json", ".sh", ".mk"}


def ours() -> list[Path]:
    """Return all text files that git has, or that are about to be added.

    Where there is no git, all that are not hidden, nor built.
    """
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    found = [ROOT / name for name in done.stdout.split("\0") if name] or [
        one
        for one in ROOT.rglob("[!.]*")
        if not re.search(r"(^|/)(\.|_bin/)", str(one.relative_to(ROOT)))
    ]
    return [one for one in found if one.suffix in SUFFIXES and one.is_file()]


def test_no_file_has_marks_of_a_merge() -> None:
    """In Markdown and docstrings nothing else would notice them."""
    files = ours()
    assert Path(__file__) in files
    marked = [one for one in files if LEFT_BY_A_MERGE.search(one.read_text(errors="replace"))]

    assert marked == []


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", ">>>>>>> main", "||||||| 3f2c91d"])
def test_a_mark_of_a_merge_is_known(line: str) -> None:
    assert LEFT_BY_A_MERGE.search(f"before\n{line}\nafter\n")
