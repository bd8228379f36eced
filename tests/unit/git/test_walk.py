"""How one comes from one commit to another."""

import pytest

from helmward.git.history import Walk, read_parents, steps

LINEAR = {"a": (), "b": ("a",), "c": ("b",)}
#     b - d ----- f
#    /     \     /
#   a - - - c - e     with c and e on the branch that f merges
MERGED = {"b": ("a",), "c": ("a",), "d": ("b",), "e": ("c", "d"), "f": ("d", "e")}


@pytest.mark.parametrize(
    ("parents", "head", "line"),
    [
        ({}, "a", ()),
        (LINEAR, "c", ("a", "b", "c")),
        (LINEAR, "b", ("a", "b")),
        (MERGED, "f", ("b", "d", "f")),
    ],
)
def test_the_line_is_that_of_first_parents(
    parents: dict[str, tuple[str, ...]], head: str, line: tuple[str, ...]
) -> None:
    assert Walk(head, "", parents).line == line


@pytest.mark.parametrize(
    ("parents", "head", "brought"),
    [
        ({}, "a", []),
        (LINEAR, "c", [("a",), ("b",), ("c",)]),
        (MERGED, "f", [("b",), ("d",), ("c", "e", "f")]),
        ({"x": (), "z": (), "y": ("x", "z")}, "y", [("x",), ("z", "y")]),
    ],
)
def test_a_merge_brings_in_what_it_merges(
    parents: dict[str, tuple[str, ...]], head: str, brought: list[tuple[str, ...]]
) -> None:
    """Each commit counts once: where it came in first."""
    found = list(steps(Walk(head, "", parents)))
    assert [set(step) for step in found] == [set(step) for step in brought]
    assert [step[-1] for step in found] == [step[-1] for step in brought]


def test_a_listing_of_git_is_read() -> None:
    assert read_parents("a\nb a\nc b a\n") == {"a": (), "b": ("a",), "c": ("b", "a")}
