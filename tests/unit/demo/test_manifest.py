"""What counts as otherwise than the revision has it."""

from typing import Any

import pytest

from helmward.demo.manifest import differences


@pytest.mark.parametrize(
    ("wanted", "live", "found"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1}}, []),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b"]),
        ({"a": {"b": 1}}, {}, ["a"]),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1, "c": 3}]}, ["a[0].c"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a[1]"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a[1]"]),
    ],
    ids=["the same", "more", "changed", "removed", "in a list", "a longer list", "a shorter list"],
)
def test_the_fields_that_are_otherwise(wanted: Any, live: Any, found: list[str]) -> None:
    assert list(differences(wanted, live)) == found
