"""Differences show what an author would call one, and nothing of the server's."""

from typing import Any

import pytest

from helmward.preview.difference import bare, fields, lines

LIVE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "a",
        "uid": "1",
        "resourceVersion": "2",
        "generation": 3,
        "creationTimestamp": "x",
        "managedFields": [{}],
        "labels": {"fluxcd.io/sync-gc-mark": "sha256.x"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "shop"},
    },
    "data": {"a": "1"},
    "status": {"phase": "x"},
}


def test_what_the_server_and_the_tools_write_is_left_out() -> None:
    assert bare(LIVE) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "annotations": {"team": "shop"}},
        "data": {"a": "1"},
    }


def test_equal_documents_have_no_lines_whatever_the_order_of_keys() -> None:
    assert lines({"a": 1, "b": 2}, {"b": 2, "a": 1}) == ()


def test_texts_of_several_lines_are_compared_line_by_line() -> None:
    before, after = {"data": {"f": "one\ntwo\n"}}, {"data": {"f": "one\nthree\n"}}
    changed = [line for line in lines(before, after) if line[:1] in "+-"]
    assert [line.strip("+- ") for line in changed] == ["two", "three"]


def test_an_object_that_comes_is_all_new() -> None:
    assert [line[:1] for line in lines(None, {"a": 1}) if not line.startswith("@")] == ["+"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1}, {"a": 2}, ("a",)),
        ({"a": 1}, {"a": True}, ("a",)),
        ({"spec": {"r": 1}}, {"spec": {"r": 2, "s": 3}}, ("spec.r", "spec.s")),
        ({"l": [{"i": 1}, {"i": 2}]}, {"l": [{"i": 1}, {"i": 3}]}, ("l[1].i",)),
        ({"l": [1]}, {"l": [1, 2]}, ("l",)),
        ({"m": {"a.b/c": 1}}, {"m": {"a.b/c": 2}}, ("m[a.b/c]",)),
    ],
)
def test_fields_are_named_as_kubectl_does(before: Any, after: Any, expected: Any) -> None:
    assert fields(before, after) == expected
