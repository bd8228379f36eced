"""Every source in its order, and what is said when one cannot be had."""

import base64
import json
import traceback
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.errors import (
    AccessDenied,
    ClusterUnavailable,
    HelmwardError,
    Invalid,
    SpecInvalid,
    ValuesInvalid,
    ValuesUnavailable,
)
from helmward.model import ValuesSource
from helmward.redaction import MASK, Redactor
from helmward.values import Composed, checksum, compose, keep_secret
from helmward.values.compose import MAX_COMPOSED, MAX_SECRETS
from helmward.values.fetch import MAX_READ
from helmward.values.sources import MAX_SOURCE
from tests.support.builders import a_declared
from tests.support.shelf import Objects, Shelf, asking, config_map, secret


async def composed(objects: Objects, *sources: ValuesSource, values: Any = None) -> Composed:
    return await compose(asking(*sources, values=values), Shelf(objects))


async def refusal(
    kind: type[HelmwardError], objects: Objects, *sources: ValuesSource, values: Any = None
) -> str:
    with pytest.raises(kind) as caught:
        await composed(objects, *sources, values=values)
    return str(caught.value)


async def test_later_sources_lie_over_earlier_and_the_spec_over_all() -> None:
    objects: Objects = {
        "Secret shop/files": {"values.yaml": "a: 1\nb: 1\nc: 1\nd: {x: 1}"},
        "ConfigMap shop/a": {"values.yaml": "b: 2\nc: 2\nd: {z: 2}"},
    }
    found = await composed(objects, secret("files"), config_map("a"), values={"c": 3, "e": None})

    assert found.document == b'{"a":1,"b":2,"c":3,"d":{"x":1,"z":2},"e":null}'


async def test_values_of_the_spec_alone_need_no_source() -> None:
    assert (await composed({}, values={"b": 1, "a": 2})).document == b'{"a":2,"b":1}'
    assert (await compose(a_declared(values=b"null"), Shelf({}))).document == b"{}"


async def test_an_object_is_read_once_for_all_its_keys() -> None:
    shelf = Shelf({"ConfigMap shop/a": {"x": "a: 1", "y": "b: 2"}})
    sources = (config_map(key="x"), config_map(key="y"), config_map("gone", optional=True))
    await compose(asking(*sources, *sources), shelf)

    assert shelf.asked == ["ConfigMap shop/a", "ConfigMap shop/gone"]


async def test_a_source_may_be_in_another_namespace() -> None:
    shelf = Shelf({"Secret vault/a": {"values.yaml": "a: 1"}, "Secret shop/a": {}})
    await compose(asking(secret(namespace="vault")), shelf)

    assert shelf.asked == ["Secret vault/a"]


CREATE = "spec.valuesFrom[0].configMapKeyRef: there is no ConfigMap shop/a: create it"
ADD = (
    'spec.valuesFrom[0].secretKeyRef: Secret shop/a has no key "values.yaml": '
    "add it, name another key"
)


async def test_what_is_not_there_is_named_with_what_to_do() -> None:
    """It may come: its own commit is perhaps on the way."""
    no_object = await refusal(ValuesUnavailable, {}, config_map())
    no_key = await refusal(ValuesUnavailable, {"Secret shop/a": {"x": ""}}, secret())

    assert no_object == f"{CREATE}, or set optional: true"
    assert no_key == f"{ADD}, or set optional: true"


async def test_what_is_optional_may_be_absent() -> None:
    objects: Objects = {"Secret shop/a": {"x": ""}}
    found = await composed(
        objects, config_map(optional=True), secret(optional=True), values={"a": 1}
    )

    assert found.document == b'{"a":1}'
    assert found.skipped == (CREATE, ADD)


BROKEN = {
    "a: [": "line 2, column 1: while parsing a flow node, did not find expected node content",
    "a: b: c": "line 1, column 5: mapping values are not allowed in this context",
    "hunter2": "it is a text, values are a mapping: write `key: value`",
    "- 1": "it is a list, values are a mapping: write `key: value`",
    "42": "it is a number, values are a mapping: write `key: value`",
    "yes": "it is true or false, values are a mapping: write `key: value`",
    "a: .nan": "line 1, column 4: a value does not fit its tag, or JSON has no such number",
    "[" * 200: "line 1, column 102: nested deeper than 100 levels",
}


@pytest.mark.parametrize(("text", "why"), BROKEN.items())
async def test_broken_yaml_is_told_by_its_place(text: str, why: str) -> None:
    said = await refusal(ValuesInvalid, {"Secret shop/a": {"values.yaml": text}}, secret())

    place = 'spec.valuesFrom[0].secretKeyRef: key "values.yaml" of Secret shop/a: '
    assert said.startswith(place)
    assert why in said


async def test_text_that_is_not_utf8_is_told_by_its_place() -> None:
    objects: Objects = {"ConfigMap shop/a": {"values.yaml": b"a: 1\nb: \xff"}}
    said = await refusal(ValuesInvalid, objects, config_map())

    assert said.endswith("ConfigMap shop/a: line 2, column 4: the file is not UTF-8 text")


async def test_what_is_optional_may_be_broken_unless_it_is_strict() -> None:
    """Secrets of v1beta1 always had to be right."""
    objects: Objects = {"Secret shop/a": {"values.yaml": "a: b: hunter2"}}
    found = await composed(objects, secret(optional=True))
    said = await refusal(ValuesInvalid, objects, secret(optional=True, lenient=False))

    assert found.document == b"{}"
    assert found.skipped == (said,)
    assert "hunter2" in found.secrets


FAILURES = [
    AccessDenied("cannot get secrets shop/a: it is forbidden"),
    ClusterUnavailable("cannot get secrets shop/a: no answer"),
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_what_is_optional_must_still_be_known_to_be_absent(failure: HelmwardError) -> None:
    """Else values would come and go with the API server's moods."""
    said = await refusal(type(failure), {"Secret shop/a": failure}, secret(optional=True))

    assert str(failure) in said


async def test_a_denial_names_the_field() -> None:
    objects: Objects = {"Secret shop/a": FAILURES[0], "Secret shop/..": Invalid("no name")}

    assert (await refusal(AccessDenied, objects, secret())).startswith("spec.valuesFrom[0].sec")
    assert (await refusal(Invalid, objects, secret(".."))).startswith("spec.valuesFrom[0].secret")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (config_map(""), ".name: must not be empty"),
        (secret(target="a..b", optional=True), '.targetPath: "a..b": a key is empty'),
        (secret(target="a=b"), '.targetPath: "a=b": "=" in a key needs a backslash'),
        (secret(literal=True), ".literal: has no effect without targetPath"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    source: ValuesSource, words: str
) -> None:
    """Optional or not: silently other values would be worse."""
    shelf = Shelf({})
    with pytest.raises(SpecInvalid) as caught:
        await compose(asking(config_map(optional=True), source), shelf)

    assert str(caught.value).startswith(source.field)
    assert words in str(caught.value)
    assert shelf.asked == []


@pytest.mark.parametrize("values", ["text", [1], 5])
async def test_values_of_the_spec_have_to_be_a_mapping(values: Any) -> None:
    assert "must be a mapping" in await refusal(SpecInvalid, {}, values=values)


@pytest.mark.parametrize("depth", [101, 100_000])
async def test_values_of_the_spec_may_not_nest_for_ever(depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    with pytest.raises(SpecInvalid, match="nested deeper than 100 levels"):
        await compose(a_declared(values=deep), Shelf({}))


async def test_too_much_is_refused_by_name() -> None:
    """An operator that runs out of memory serves nobody."""
    text = "a: " + "x" * MAX_SOURCE
    objects: Objects = {
        "ConfigMap shop/big": {"values.yaml": text},
        "ConfigMap shop/wide": {"values.yaml": "a: 1", "other": "x" * (MAX_READ // 2)},
        "ConfigMap shop/wider": {"values.yaml": "a: 1", "other": "x" * (MAX_READ // 2)},
    }
    inline = {str(n): "\0" * 1000 for n in range(MAX_COMPOSED // 6000 + 1)}

    assert "larger than 1 MiB" in await refusal(ValuesInvalid, objects, config_map("big"))
    said = await refusal(ValuesInvalid, objects, config_map("wide"), config_map("wider"))
    assert "larger than 8 MiB" in said
    assert "larger than 4 MiB" in await refusal(ValuesInvalid, objects, values=inline)


async def test_too_many_secrets_are_refused() -> None:
    """Each is looked for in every line that is logged."""
    objects: Objects = {"Secret shop/a": {"values.yaml": "a: |\n" + "  line\n" * (MAX_SECRETS + 1)}}
    said = await refusal(ValuesInvalid, objects, secret())

    assert "more than 10000 values and lines" in said


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("a: yes\nb: 0777\nc: 2001-01-01\nd: 1.0", b'{"a":true,"b":511,"c":"2001-01-01","d":1}'),
        ("a: 18446744073709551615", b'{"a":18446744073709551615}'),
        ("a: 1e20\nb: [-1e21]", b'{"a":100000000000000000000,"b":[-1e21]}'),
        ("a: 1\na: 2", b'{"a":2}'),
        ("x: &x {k: 1}\na: {<<: *x, l: 2}", b'{"a":{"k":1,"l":2},"x":{"k":1}}'),
        ("a: {x: 1}\n---\na: {z: 2}\n---\n", b'{"a":{"x":1,"z":2}}'),
        ("", b"{}"),
        ("# nothing\n", b"{}"),
        ("null", b"{}"),
        ('{"a": "\\u00e9"}', '{"a":"é"}'.encode()),
    ],
)
async def test_texts_mean_what_helm_reads(text: str, document: bytes) -> None:
    found = await composed({"ConfigMap shop/a": {"values.yaml": text}}, config_map())

    assert found.document == document


async def test_each_leaf_knows_which_field_set_it() -> None:
    objects: Objects = {
        "Secret shop/a": {"values.yaml": "db: {user: me, password: hunter2}\nlist: [1, {a: 2}]"},
        "ConfigMap shop/a": {"values.yaml": "db: {user: you}"},
    }
    map_, hidden = config_map(field="spec.valuesFrom[1].configMapKeyRef"), secret()
    found = await composed(objects, hidden, map_, values={"on": True})

    assert found.origins == {
        ("db", "user"): map_.field,
        ("db", "password"): hidden.field,
        ("list",): hidden.field,
        ("on",): "spec.values",
    }
    assert found.hidden == {("db", "password"), ("list",)}


async def test_everything_from_a_secret_is_secret_and_nothing_else() -> None:
    """Also what another source covers; and the whole file, as `kubectl` shows it."""
    text = "password: hunter2\npin: 31337000\nkey: |\n  line one\n  line two\non: true"
    objects: Objects = {
        "Secret shop/a": {"values.yaml": text},
        "ConfigMap shop/a": {"values.yaml": "open: harmless\npassword: covered"},
    }
    redactor = Redactor()
    found = await composed(objects, secret(), config_map())
    await keep_secret("shop/cart", found, redactor)

    file = base64.b64encode(text.encode()).decode()
    for secret_text in ("hunter2", "31337000", "line one", "line two", file, "3.1337e+07"):
        assert redactor.mask(secret_text) == MASK
    assert redactor.mask("harmless covered true open") == "harmless covered true open"


async def test_many_secrets_are_learned_beside_the_loop() -> None:
    redactor = Redactor()
    found = Composed(b"{}", secrets=frozenset(f"secret-{n:05}-{'x' * 20}" for n in range(4_000)))
    await keep_secret("a", found, redactor)
    await keep_secret("a", found, redactor)

    assert redactor.mask(f"secret-03999-{'x' * 20}") == MASK
    redactor.forget("a")
    assert redactor.mask(f"secret-03999-{'x' * 20}") != MASK


WORDS = ("hunter2", "hunter2: ", "*hunter2", "!hunter2 ", "a: ", "!!int ", "<<: ")
PIECES = st.lists(st.sampled_from([*WORDS, *"\n-[]{},'\"&|>%@?:\t\0\\ "]), max_size=12).map("".join)


@given(PIECES)
async def test_no_error_quotes_what_was_read(text: str) -> None:
    """Not its message, nor the traceback with all its causes."""
    try:
        await composed({"Secret shop/a": {"values.yaml": text}}, secret())
    except ValuesInvalid as error:
        said = str(error) + "".join(traceback.format_exception(error))
        chain = [error.__cause__, error.__context__]
        assert "hunter2" not in said + "".join(map(repr, chain))


@given(st.binary(max_size=60))
async def test_whatever_is_in_a_source_it_is_read_or_refused(content: bytes) -> None:
    with suppress(ValuesInvalid):
        found = await composed({"Secret shop/a": {"values.yaml": content}}, secret())
        assert isinstance(json.loads(found.document), dict)


def test_the_checksum_is_of_the_values_not_of_their_order() -> None:
    """Helm Operator's: the SHA-256 of the values as YAML."""
    assert checksum(b'{"b":{"c":"x"},"a":1}') == checksum(b'{"a":1,"b":{"c":"x"}}')
    assert checksum(b'{"a":1,"b":{"c":"x"}}') == (
        # printf 'a: 1\nb:\n  c: x\n' | sha256sum
        "9ff14b920cc0b4325c7eeb2532f0265221645f0809aae49a8b4eba7545aa153d"
    )
    assert checksum(b'{"a":1}') != checksum(b'{"a":2}')
