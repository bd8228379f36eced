"""One value at one path, as `helm --set` and `--set-literal` have it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.values.merge import Path, merge
from helmward.values.setting import MAX_INDEX, MAX_KEYS, NotSet, overlay, path_of, value_of

PATHS: list[tuple[str, Path]] = [
    ("a", ("a",)),
    ("image.tag", ("image", "tag")),
    ("env[0].value", ("env", 0, "value")),
    ("m[1][2]", ("m", 1, 2)),
    ("a[0][1].b[2]", ("a", 0, 1, "b", 2)),
    (r"labels.app\.kubernetes\.io/name", ("labels", "app.kubernetes.io/name")),
    (r"a\[0\]", ("a[0]",)),
    (r"a\=b.c\,d", ("a=b", "c,d")),
    (r"a\\b", ("a\\b",)),
    ("a b.c-d", ("a b", "c-d")),
    ("a]", ("a]",)),
    ("a[007]", ("a", 7)),
    (f"a[{MAX_INDEX}]", ("a", MAX_INDEX)),
]


@pytest.mark.parametrize(("text", "path"), PATHS)
def test_a_path_is_read_as_helm_reads_it(text: str, path: Path) -> None:
    assert path_of(text) == path


def test_a_literal_path_has_no_backslashes_to_read() -> None:
    """So has `--set-literal`."""
    assert path_of(r"a\.b,c", literal=True) == ("a\\", "b,c")


NO_PATHS = [
    ("", "a key is empty"),
    (".", "a key is empty"),
    (".a", "a key is empty"),
    ("a..b", "a key is empty"),
    ("[0]", "a key is empty"),
    ("a.[0]", "a key is empty"),
    ("a.", "ends with a dot"),
    ("a[0].", "ends with a dot"),
    ("a\\", "ends with a backslash"),
    ("a=b", '"=" in a key needs a backslash'),
    ("a,b", '"," in a key needs a backslash'),
    ("a[", "the number of an item"),
    ("a[]", "the number of an item"),
    ("a[x]", "the number of an item"),
    ("a[-1]", "the number of an item"),
    ("a[0]b", "after ] comes a dot"),
    (f"a[{MAX_INDEX + 1}]", "an index is larger than"),
    (f"a[{'9' * 9999}]", "an index is larger than"),
    (".".join("a" * (MAX_KEYS + 2)), "more than 30 keys"),
]


@pytest.mark.parametrize(("text", "why"), NO_PATHS)
def test_what_is_no_path_is_told(text: str, why: str) -> None:
    with pytest.raises(NotSet) as caught:
        path_of(text)
    assert why in str(caught.value)


VALUES: list[tuple[str, Any]] = [
    ("", ""),
    ("a", "a"),
    ("true", True),
    ("FALSE", False),
    ("Null", None),
    ("~", "~"),
    ("yes", "yes"),
    ("0", 0),
    ("00", "00"),
    ("0123", "0123"),
    ("8080", 8080),
    ("-7", -7),
    ("+7", 7),
    ("1.5", "1.5"),
    ("1_000", "1_000"),
    ("٣", "٣"),
    (" 1", " 1"),
    ("1\n", "1\n"),
    ("9223372036854775807", 9223372036854775807),
    ("9223372036854775808", "9223372036854775808"),
    ("-9223372036854775808", -9223372036854775808),
    ("9" * 5000, "9" * 5000),
    (r"a\,b", "a,b"),
    (r"a\\b\n", "a\\bn"),
    (r"\true", True),
    ("a=b", "a=b"),
    ("a}", "a}"),
    ("{}", [""]),
    ("{a}", ["a"]),
    ("{1,true,null, b}", [1, True, None, " b"]),
    (r"{a\,b,c\}}", ["a,b", "c}"]),
    ("{{}", ["{"]),
    ("a\\", "a"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_is_read_as_helm_reads_it(text: str, value: Any) -> None:
    found = value_of(text)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hunter2,hunter3", "a comma would begin another setting"),
        ("hunter2,b=1", "a comma would begin another setting"),
        ("{hunter2", "does not end it with }"),
        ("{hunter2}x", "something follows the }"),
        ("{hunter2},b=1", "something follows the }"),
    ],
)
def test_a_value_that_would_set_more_is_refused_and_not_quoted(text: str, why: str) -> None:
    """Who writes a Secret must not set what its path does not name."""
    with pytest.raises(NotSet) as caught:
        value_of(text)
    assert why in str(caught.value)
    assert "hunter" not in str(caught.value)


BELOW: dict[str, Any] = {
    "image": {"tag": "1", "name": "web"},
    "env": [{"name": "A", "value": "1"}, "text", [1, 2]],
    "none": None,
    "text": "x",
}
SET: list[tuple[str, dict[str, Any]]] = [
    ("new", {"new": "v"}),
    ("image.tag", {"image": {"tag": "v"}}),
    ("image", {"image": "v"}),
    ("none.a", {"none": {"a": "v"}}),
    ("none[0]", {"none": ["v"]}),
    ("far.away", {"far": {"away": "v"}}),
    ("list[1]", {"list": [None, "v"]}),
    ("env[0].value", {"env": [{"name": "A", "value": "v"}, "text", [1, 2]]}),
    ("env[0].x.y", {"env": [{"name": "A", "value": "1", "x": {"y": "v"}}, "text", [1, 2]]}),
    ("env[1].a", {"env": [{"name": "A", "value": "1"}, {"a": "v"}, [1, 2]]}),
    ("env[2][0]", {"env": [{"name": "A", "value": "1"}, "text", ["v", 2]]}),
    ("env[3][1]", {"env": [*BELOW["env"], [None, "v"]]}),
]


@pytest.mark.parametrize(("path", "part"), SET)
def test_a_value_is_set_over_what_is_there(path: str, part: dict[str, Any]) -> None:
    """Keys beside it stay; of a list it passes through, the items beside it too."""
    assert overlay(BELOW, path_of(path), "v") == part
    assert merge(BELOW, part) == BELOW | {key: merge(BELOW, part)[key] for key in part}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("text.a", "text is a text of another source, not a mapping"),
        ("text[0]", "text is a text of another source, not a list"),
        ("env.a", "env is a list of another source, not a mapping"),
        ("image[0]", "image is a mapping of another source, not a list"),
        ("env[1][0]", "env[1] is a text of another source, not a list"),
        ("image.tag.x", "image.tag is a text of another source"),
    ],
)
def test_a_path_through_something_else_is_told(path: str, why: str) -> None:
    with pytest.raises(NotSet) as caught:
        overlay(BELOW, path_of(path), "v")
    assert why in str(caught.value)


@given(st.text("ab.[]01\\,= {}", max_size=12), st.text("ab{},\\10\n", max_size=8))
def test_whatever_is_written_it_is_set_or_refused(path: str, text: str) -> None:
    try:
        steps, value = path_of(path), value_of(text)
    except NotSet:
        return
    found: Any = merge({}, overlay({}, steps, value))
    for step in steps:
        found = found[step]
    assert found == value
