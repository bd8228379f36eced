"""What is left of a document when paths are taken out of it."""

from typing import Any

import pytest

from helmward.gitops.field_paths import union, without

WEB = 'k:{"name":"web"}'

REMOVALS: dict[str, tuple[Any, Any, Any, Any]] = {
    "a field": ({"a": 1, "b": 2}, {"f:a": {}}, {}, {"b": 2}),
    "a field that somebody keeps": ({"a": 1}, {"f:a": {}}, {"f:a": {}}, {"a": 1}),
    "a field that is not there": ({"b": 2}, {"f:a": {}}, {}, {"b": 2}),
    "a map that is emptied": ({"m": {"a": 1}}, {"f:m": {".": {}, "f:a": {}}}, {}, {}),
    "a map with something left": (
        {"m": {"a": 1, "b": 2}},
        {"f:m": {".": {}, "f:a": {}}},
        {},
        {"m": {"b": 2}},
    ),
    "an emptied map that somebody keeps": (
        {"m": {"a": 1}},
        {"f:m": {".": {}, "f:a": {}}},
        {"f:m": {".": {}}},
        {"m": {}},
    ),
    "an item with all that is in it": (
        {"l": [{"name": "web", "x": 1}, {"name": "other"}]},
        {"f:l": {WEB: {".": {}, "f:name": {}}}},
        {},
        {"l": [{"name": "other"}]},
    ),
    "an item of which somebody keeps a part only": (
        {"l": [{"name": "web", "x": 1}, {"name": "other"}]},
        {"f:l": {WEB: {".": {}, "f:name": {}}}},
        {"f:l": {WEB: {"f:x": {}}}},
        {"l": [{"name": "other"}]},
    ),
    "a part of an item": (
        {"l": [{"name": "web", "x": 1}]},
        {"f:l": {WEB: {".": {}, "f:x": {}}}},
        {"f:l": {WEB: {".": {}, "f:name": {}}}},
        {"l": [{"name": "web"}]},
    ),
    "an item of a set": ({"l": ["a", "b"]}, {"f:l": {'v:"a"': {}}}, {}, {"l": ["b"]}),
}


@pytest.mark.parametrize("case", REMOVALS)
def test_what_goes_is_what_nobody_keeps(case: str) -> None:
    """The document that was given stays as it was."""
    before, gone, kept, after = REMOVALS[case]
    copy = repr(before)

    assert without(before, gone, kept) == after
    assert repr(before) == copy


def test_the_paths_of_both_are_united() -> None:
    one: dict[str, Any] = {"f:a": {"f:b": {}}, "f:c": {}}

    assert union(one, {"f:a": {"f:d": {}}, "f:e": {}}) == {
        "f:a": {"f:b": {}, "f:d": {}},
        "f:c": {},
        "f:e": {},
    }
