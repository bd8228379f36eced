"""The page of parity names tests that there are, and leaves no row without an answer."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "parity.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
REASONS = re.compile(r"\bnot (served|built|there)\b|\bleft out\b")


@cache
def names_in(file: str) -> set[str]:
    """Return the names of a file's tests; none where there is no such file."""
    path = ROOT / file
    if not path.is_file():
        return set()
    found = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {one.name for one in ast.parse(path.read_text()).body if isinstance(one, found)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part)
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    """Whoever renames a test renames it on the page too."""
    assert name.startswith("test_")
    assert name in names_in(file)


def test_every_row_names_a_test_or_says_why_not() -> None:
    heads = [row for row in ROWS if row.startswith("| what they have |")]
    bare = [row for row in ROWS if "::test_" not in row and not REASONS.search(row)]

    assert len(heads) == 13
    assert [row for row in bare if row not in heads] == []


def test_no_test_is_named_in_a_way_that_nobody_checks() -> None:
    """A slip in the path would take it out of the check above."""
    assert PAGE.count("::") == len(re.findall(r"`tests/[\w/]+\.py::test_\w+`", PAGE))
