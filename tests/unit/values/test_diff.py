"""A diff that may stand in a log: one line a change, nothing secret, never long."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.redaction import Redactor
from helmward.values import Path, diff
from helmward.values.diff import MAX_LINES, MAX_VALUE


def changes(before: Any, after: Any, *secrets: str, hidden: tuple[Path, ...] = ()) -> str:
    redactor = Redactor()
    redactor.learn("test", secrets)
    return diff(json.dumps(before).encode(), json.dumps(after).encode(), redactor, hidden)


ROWS: list[tuple[str, Any, Any, str]] = [
    ("nothing", {"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, ""),
    ("a number", {"service": {"port": 80}}, {"service": {"port": 81}}, "service.port: 80 -> 81"),
    ("a text", {"a": "x"}, {"a": "y\n"}, r'a: "x" -> "y\n"'),
    ("a new key", {}, {"a": {"b": 1}}, "a.b: (unset) -> 1"),
    ("a lost key", {"a": None}, {}, "a: null -> (unset)"),
    ("a list", {"a": [1, 2]}, {"a": [1, 3, 4]}, "a[1]: 2 -> 3\na[2]: (unset) -> 4"),
    ("another kind", {"a": {"b": 1}}, {"a": [1]}, 'a: {"b": 1} -> [1]'),
    ("true is not 1", {"a": [True]}, {"a": [1]}, "a[0]: true -> 1"),
    ("1.0 is 1", {"a": 1.0}, {"a": 1}, ""),
    ("an empty mapping", {"a": {}}, {}, "a: {} -> (unset)"),
    ("keys in order", {}, {"b": 1, "a": 2}, "a: (unset) -> 2\nb: (unset) -> 1"),
    ("a key with dots", {"a.b": 1}, {"a.b": 2}, '"a.b": 1 -> 2'),
]


@pytest.mark.parametrize(
    ("before", "after", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_change_is_one_line(before: Any, after: Any, said: str) -> None:
    assert changes(before, after) == said


def test_known_secrets_are_masked_wherever_they_turn_up() -> None:
    """In keys and in texts around them too, and before anything is cut."""
    long = "x" * (MAX_VALUE - 5) + "hunter2"
    said = changes(
        {"a": "at hunter2", "b": "p"},
        {"hunter2": 1, "a": 'q "x" q', "b": long},
        "hunter2",
        'q "x" q',
    )

    assert said.splitlines()[0] == 'a: "at ***" -> "***"'
    assert "***: (unset) -> 1" in said
    assert "hunt" not in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"db": {"pin": "1"}}, {"db": {"pin": "2"}}, "db.pin: *** -> ***"),
        ({}, {"db": {"pin": "2"}}, "db.pin: (unset) -> ***"),
        ({"db": {"pin": [1]}}, {"db": {"pin": [2]}}, "db.pin[0]: *** -> ***"),
        ({"db": {"pin": "1"}}, {"db": "no more"}, "db: *** -> ***"),
        (
            {"db": {"pin": "1", "user": "a"}},
            {"db": {"pin": "1", "user": "b"}},
            'db.user: "a" -> "b"',
        ),
    ],
)
def test_of_hidden_places_nothing_is_shown(before: Any, after: Any, said: str) -> None:
    """However short the secret is, and whatever it becomes."""
    assert changes(before, after, hidden=(("db", "pin"),)) == said


def test_a_diff_is_never_long() -> None:
    many = changes({}, {f"key-{n:03}" + "k" * 1000: "v" * 1000 for n in range(MAX_LINES + 7)})

    assert many.endswith("\nand 7 more")
    assert len(many) < MAX_LINES * 300


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["x", "hunter2"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(st.sampled_from(["a", "b", "hunter2"]), VALUES)


@given(MAPPINGS, MAPPINGS)
def test_there_is_a_line_when_and_only_when_something_changed(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    said = changes(before, after, "hunter2")

    assert bool(said) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))
    assert "hunter2" not in said
