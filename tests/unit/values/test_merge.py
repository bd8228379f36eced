"""The later source lies over the earlier; mappings join, all else is replaced."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.values.merge import Path, leaves, merge, shown, stamped

SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["x", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), VALUES)

ROWS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("another key is added", {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ("the later wins", {"a": 1}, {"a": 2}, {"a": 2}),
    ("mappings join", {"a": {"x": 1, "y": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
    (
        "at any depth",
        {"a": {"b": {"c": 1}}},
        {"a": {"b": {"d": 2}}},
        {"a": {"b": {"c": 1, "d": 2}}},
    ),
    ("lists are replaced whole", {"a": [1, 2, 3]}, {"a": [4]}, {"a": [4]}),
    ("also by an empty one", {"a": [1]}, {"a": []}, {"a": []}),
    ("null is kept, for Helm to see", {"a": {"b": 1}}, {"a": None}, {"a": None}),
    ("null inside as well", {"a": {"b": 1}}, {"a": {"b": None}}, {"a": {"b": None}}),
    ("a value comes back over null", {"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ("a text gives way to a mapping", {"a": "x"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ("a mapping gives way to a text", {"a": {"b": 1}}, {"a": "x"}, {"a": "x"}),
    ("an empty mapping removes nothing", {"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ("an empty text is a value", {"a": "x"}, {"a": ""}, {"a": ""}),
    ("false is a value", {"a": True}, {"a": False}, {"a": False}),
]


@pytest.mark.parametrize(
    ("low", "high", "merged"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_what_lies_over_what(
    low: dict[str, Any], high: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge(low, high) == merged


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_it_does_not_matter_which_two_are_merged_first(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    """Only the order counts; except that what replaced a mapping has to stay between."""
    if not _clashes(one, two) and not _clashes(two, three) and not _clashes(one, three):
        assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(MAPPINGS, MAPPINGS)
def test_what_is_on_top_is_seen(low: dict[str, Any], high: dict[str, Any]) -> None:
    merged = dict(leaves(merge(low, high)))

    assert all(merged[path] == value for path, value in leaves(high))


@given(MAPPINGS)
def test_nothing_under_or_over_changes_nothing(values: dict[str, Any]) -> None:
    assert merge({}, values) == merge(values, {}) == merge(values, values) == values


@given(MAPPINGS, MAPPINGS)
def test_what_is_merged_stays_as_it_was(low: dict[str, Any], high: dict[str, Any]) -> None:
    """Parts of a document may be shared."""
    before = copy.deepcopy((low, high))
    merge(low, high)

    assert (low, high) == before


@given(MAPPINGS, MAPPINGS)
def test_stamps_merge_as_their_values_do(low: dict[str, Any], high: dict[str, Any]) -> None:
    """So they tell of each leaf which document it came from."""
    values = dict(leaves(merge(low, high)))
    whose = dict(leaves(merge(stamped(low, "low"), stamped(high, "high"))))

    assert values.keys() == whose.keys()
    for path, origin in whose.items():
        assert values[path] == dict(leaves({"low": low, "high": high}[origin]))[path]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("image", "tag"), "image.tag"),
        (("env", 0, "name"), "env[0].name"),
        (("labels", "a.b/c"), 'labels."a.b/c"'),
        (("a", ""), 'a.""'),
    ],
)
def test_a_path_reads_as_people_write_it(path: Path, text: str) -> None:
    assert shown(path) == text


def _clashes(one: Any, two: Any) -> bool:
    """Tell whether a mapping meets something else at one place."""
    if isinstance(one, dict) and isinstance(two, dict):
        return any(_clashes(one[key], two[key]) for key in one.keys() & two.keys())
    return isinstance(one, dict) or isinstance(two, dict)
