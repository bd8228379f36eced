"""YAML means the same here as under kubectl. The tables were compared with its own reader."""

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.yamls import MAX_ALIASED, MAX_DEPTH, YamlError, documents


def read(text: str, *, strict: bool = True) -> Any:
    [document] = documents(text.encode(), strict=strict)
    return document.value


def refusal_of(text: str) -> YamlError:
    with pytest.raises(YamlError) as caught:
        documents(text.encode())
    return caught.value


SCALARS: list[tuple[str, Any]] = [
    ("true", True),
    ("True", True),
    ("yes", True),
    ("Y", True),
    ("ON", True),
    ("off", False),
    ("n", False),
    ("No", False),
    ("tRue", "tRue"),
    ("null", None),
    ("~", None),
    ("", None),
    ("nUll", "nUll"),
    ("0", 0),
    ("-0", 0),
    ("+5", 5),
    ("010", 8),
    ("0777", 511),
    ("0o17", 15),
    ("0O17", 15),
    ("0x1F", 31),
    ("-0x1", -1),
    ("0b101", 5),
    ("08", 8),  # no octal number, so a decimal fraction without fraction
    ("0_7", 7),
    ("1_000", 1000),
    ("1__0", 10),
    ("_1", "_1"),
    ("1_", 1),
    ("9223372036854775808", 2**63),
    ("18446744073709551615", 2**64 - 1),
    ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF"),
    ("0x", "0x"),
    ("0b2", "0b2"),
    ("1e3", 1000),
    ("1E+3", 1000),
    ("1.0", 1),
    ("1.", 1),
    (".5", 0.5),
    ("-.5", -0.5),
    (".5_1", 0.51),
    ("._5", "._5"),
    ("1.5", 1.5),
    ("1e20", 10**20),
    ("1e21", 1e21),
    ("1e-7", 1e-7),
    ("1e999", "1e999"),
    ("1e", "1e"),
    (".", "."),
    ("22:22", "22:22"),
    ("1:2:3", "1:2:3"),
    ("2001-01-01", "2001-01-01"),
    ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
    ("1.2.3", "1.2.3"),
    ("1٣", "1٣"),
    ("'5'", "5"),
    ('"yes"', "yes"),
    ("! 5", "5"),
    ("!foo 5", "5"),
    ("!!str 5", "5"),
    ("!!int '5'", 5),
    ("!!float 5", 5),
    ("!!bool 'yes'", True),
    ("!!null ''", None),
    ("!!binary aGVsbG8=", "hello"),
    ("!!timestamp 2001-01-01", "2001-01-01"),
    ("=", "="),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_a_scalar_means_what_kubectl_reads(text: str, value: Any) -> None:
    """Also the surprises, which manifests in the wild rely on."""
    found = read(f"a: {text}")["a"]

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".inf", "-.INF", "!!int x", "!!bool 1", "!!binary ?"])
def test_a_scalar_that_json_lacks_is_refused(text: str) -> None:
    """Kubernetes speaks JSON, so it could not be sent."""
    assert refusal_of(f"a:\n  b: {text}").line == 2


@pytest.mark.parametrize(
    ("text", "key"),
    [("8080: x", "8080"), ("0x10: x", "16"), ("yes: x", "true"), ("off: x", "false")],
)
def test_a_number_or_truth_as_key_becomes_text(text: str, key: str) -> None:
    """As under kubectl; a ConfigMap's keys are often numbers."""
    assert read(text) == {key: "x"}


@pytest.mark.parametrize("text", ["1.10: x", "null: x", "? [a]\n: x", "? {a: b}\n: x", ".inf: x"])
def test_other_keys_are_refused(text: str) -> None:
    """A float would lose digits: 1.10 is 1.1 to kubectl."""
    refusal_of(text)


def test_a_key_twice_is_refused_with_both_lines() -> None:
    """Else the later would win without a word."""
    error = refusal_of("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")

    assert (error.line, error.column) == (5, 3)
    assert str(error) == "the key 'c' is already on line 3"


def test_a_number_and_its_text_are_one_key() -> None:
    """In JSON they are."""
    refusal_of("1: a\n'1': b\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {k: 1, b: 2}\nc:\n  <<: *x\n  k: 3\n", {"k": 3, "b": 2}),
        ("a: &x {k: 1}\nb: &y {k: 2, z: 1}\nc:\n  <<: [*x, *y]\n", {"k": 1, "z": 1}),
        ("c: {'<<': 1}", {"<<": 1}),
    ],
)
def test_merged_keys_yield_to_written_ones(text: str, value: Any) -> None:
    """And earlier sources win over later ones."""
    assert read(text)["c"] == value


def test_a_merge_below_the_same_key_is_refused() -> None:
    """YAML says that the written key wins, kubectl lets the merged one win."""
    error = refusal_of("a: &x {k: 1}\nc:\n  k: 3\n  <<: *x\n")

    assert error.line == 4
    assert "put << first" in str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k: 1\nk: 2", {"k": 2}),
        ("1: a\n'1': b", {"1": "b"}),
        ("1.10: x", {"1.1": "x"}),
        ("1.123456789: x", {"1.1234568": "x"}),
        ("1e300: x", {"1e+300": "x"}),
        ("a: &x {k: 1}\nc:\n  k: 3\n  <<: *x\n", {"a": {"k": 1}, "c": {"k": 1}}),
    ],
)
def test_what_is_doubtful_is_read_as_helm_does_unless_strict(text: str, value: Any) -> None:
    """Values that were served for years must not be refused: what stands last counts."""
    assert read(text, strict=False) == value
    refusal_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "hunter2: 1\nhunter2: 2",
        "a: *hunter2",
        "!!int hunter2: 1",
        "a: !!int hunter2",
        "a: !!binary hunter2?",
        "a: &x {hunter2: 1}\nb: {hunter2: 2, <<: *x}",
        "hunter2: {a: b: c",
        "a: [hunter2, 'hunter2",
        "a: @hunter2",
        "%hunter2 x",
        "a: !hunter2!x y",
        "? [hunter2]\n: x",
        'a: "\\hunter2"',
        "<<: hunter2",
        "null: hunter2",
        ("[" * 200) + "hunter2",
    ],
)
def test_the_gist_of_an_error_quotes_nothing(text: str) -> None:
    """What is wrong with a Secret is told to people who may not see it."""
    error = refusal_of(text)

    assert error.gist
    assert "hunter2" not in error.gist


def test_a_merge_needs_a_mapping() -> None:
    refusal_of("a: {<<: 3}")


def test_documents_are_told_apart() -> None:
    """Empty ones and those of comments alone are none."""
    found = documents(b"# nothing\n---\na: 1\n---\n---\n# still nothing\n---\n\nb: 2\n...\n")

    assert [(document.value, document.line) for document in found] == [({"a": 1}, 3), ({"b": 2}, 9)]


def test_an_empty_file_has_no_documents() -> None:
    assert documents(b"") == documents(b"\xef\xbb\xbf") == documents(b"# x\n") == []


def test_each_mapping_knows_its_line() -> None:
    """Items of a list are reported where they stand."""
    [document] = documents(b"kind: List\nitems:\n- a: 1\n-\n  b: 2\n")
    items = document.value["items"]

    assert [document.line_of(item) for item in items] == [3, 5]
    assert document.line_of({}) == 1


def test_anchors_end_with_their_document() -> None:
    assert refusal_of("a: &x 1\n---\nb: *x\n").line == 3


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a:\n\t- b\n", 2, 1, "a tab"),
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("a: [1, 2\n", 2, 1, "expected ',' or ']'"),
        ("a: 'x\n", 2, 1, "unexpected end of stream"),
        ("a: @x\n", 1, 4, "cannot start any token"),
        ("a: 1\nb: \x00c\n", 2, 4, "control characters"),
        ("a: *x\n", 1, 4, "no anchor"),
        ("a: &x\n  b: *x\n", 2, 6, "no anchor"),
    ],
)
def test_broken_yaml_is_told_with_its_place(text: str, line: int, column: int, words: str) -> None:
    """A person has to find it."""
    error = refusal_of(text)

    assert words in str(error)
    assert (error.line, error.column) == (line, column)


def test_text_that_is_not_utf8_is_told_with_its_place() -> None:
    with pytest.raises(YamlError) as caught:
        documents(b"a: 1\nb: \xff\n")

    assert (caught.value.line, caught.value.column) == (2, 4)


def test_an_alias_bomb_is_refused() -> None:
    """Nine lines would become a billion nodes."""
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert str(MAX_ALIASED) in str(refusal_of("\n".join(["a0: &a0 [x, x]", *levels])))


@pytest.mark.parametrize("long", ["x" * 100_000, "{? " + "x" * 100_000 + " : 1}"])
def test_a_long_text_cannot_be_repeated_for_ever_either(long: str) -> None:
    """A few thousand aliases of one long text or key would become gigabytes."""
    bomb = f"a: &a {long}\nb: [{', '.join(['*a'] * 50)}]"

    assert str(MAX_ALIASED) in str(refusal_of(bomb))


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{a: " * 5_000, "- " * 5_000 + "x"])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    """Before it costs memory, time or the stack."""
    assert str(MAX_DEPTH) in str(refusal_of(text))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab1 :{}[]#&*!|>'\"%@`,?-\\/é€😀"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc-./_", max_size=5), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abc", min_size=1), JSON))
def test_json_is_yaml(value: dict[str, Any]) -> None:
    """Every JSON document is read as JSON reads it."""
    assert _same(read(json.dumps(value, ensure_ascii=False)), value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else ever comes out of a file, whatever is in it."""
    with suppress(YamlError):
        documents(text.encode("utf-8", "surrogatepass"), strict=False)


@given(st.text("0123456789_+-.eExXobBaf:", min_size=1, max_size=12))
def test_every_scalar_survives_json(text: str) -> None:
    """Whatever a plain scalar is taken for, it can be sent."""
    try:
        value = read(f"a: {text}")
    except YamlError:
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@given(st.text("0123456789yesnotrufl~.:-+eE_x", max_size=8))
def test_a_quoted_scalar_is_always_text(text: str) -> None:
    assert read(f"a: '{text}'")["a"] == text


def _same(found: Any, value: Any) -> bool:
    """Compare as JSON numbers compare: 1.0 is 1."""
    if isinstance(value, dict):
        return found.keys() == value.keys() and all(_same(found[k], value[k]) for k in value)
    if isinstance(value, list):
        return len(found) == len(value) and all(map(_same, found, value))
    if isinstance(value, float):
        return math.isclose(found, value, rel_tol=0, abs_tol=0)
    return bool(found == value and type(found) is type(value))
