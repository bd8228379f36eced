"""Documents of the web and files of the chart as sources: order, absence, errors."""

import traceback

import pytest

from helmward.errors import (
    ChartEvicted,
    ChartRejected,
    EngineLost,
    HelmwardError,
    ReleaseFailed,
    SourceForbidden,
    SourceUnavailable,
    SpecInvalid,
    ValuesInvalid,
    ValuesUnavailable,
)
from helmward.model import Document, ValuesSource
from helmward.redaction import MASK, Redactor
from helmward.values import compose, keep_secret
from helmward.values.fetch import MAX_READ
from helmward.values.sources import MAX_SOURCE
from tests.support.shelf import Objects, Shelf, asking, chart_file, config_map, external, secret

URL = "https://example.com/v.yaml"


async def test_all_kinds_lie_over_one_another_in_their_order() -> None:
    shelf = Shelf(
        {
            "ConfigMap shop/a": {"values.yaml": "a: 1\nb: 1\nc: 1\nd: 1\ne: 1"},
            "Secret shop/a": {"values.yaml": "d: 4\ne: 4"},
        },
        web={URL: "b: 2\nc: 2\nd: 2\ne: 2"},
        files={"prod.yaml": "c: 3\nd: 3\ne: 3"},
    )
    sources = (config_map(), external(), chart_file(), secret())
    found = await compose(asking(*sources, values={"e": 5}), shelf)

    assert found.document == b'{"a":1,"b":2,"c":3,"d":4,"e":5}'
    assert found.origins["b",] == "spec.valuesFrom[0].externalSourceRef"
    assert found.origins["c",] == "spec.valuesFrom[0].chartFileRef"
    assert found.hidden == {("d",)}


async def test_a_document_and_a_file_are_asked_for_once() -> None:
    shelf = Shelf(web={URL: "a: 1"}, files={"prod.yaml": "b: 1"})
    await compose(asking(external(), chart_file(), external(), chart_file()), shelf)

    assert shelf.asked == [URL, "prod.yaml"]


DOWN = SourceUnavailable("https://example.com/v.yaml: 503")
ERRORS: list[tuple[HelmwardError, type[HelmwardError]]] = [
    (DOWN, ValuesUnavailable),
    (ReleaseFailed("the deadline has passed"), ValuesUnavailable),
    (SourceForbidden("example.com: --allow-url leaves it out"), SourceForbidden),
    (ChartRejected("larger than 1 MiB"), ValuesInvalid),
    (SpecInvalid("no plugin for s3://"), SpecInvalid),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS)
async def test_what_cannot_be_read_names_the_field_and_may_be_optional(
    error: HelmwardError, kind: type[HelmwardError]
) -> None:
    """For a URL and a file any error of reading counts as absent, as it always did."""
    for source in (external(), chart_file()):
        shelf = Shelf(web={URL: error}, files={"prod.yaml": error})
        with pytest.raises(HelmwardError) as caught:
            await compose(asking(source), shelf)
        assert type(caught.value) is kind
        assert str(caught.value) == f"{source.field}: {error}"

        optional = ValuesSource(source.kind, source.field, location=source.location, optional=True)
        found = await compose(asking(optional, values={"a": 1}), shelf)
        assert (found.document, found.skipped) == (b'{"a":1}', (f"{source.field}: {error}",))


async def test_how_long_a_source_asked_to_wait_is_passed_on() -> None:
    busy = SourceUnavailable("429")
    busy.retry_after = 7.0
    with pytest.raises(ValuesUnavailable) as caught:
        await compose(asking(external()), Shelf(web={URL: busy}))
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("error", [EngineLost("gone"), ChartEvicted("gone")])
async def test_an_engine_that_is_gone_says_nothing_about_the_source(error: HelmwardError) -> None:
    """Else an optional source would come and go with restarts."""
    shelf = Shelf(web={URL: error}, files={"prod.yaml": error})
    for source in (external(optional=True), chart_file(optional=True)):
        with pytest.raises(type(error)):
            await compose(asking(source), shelf)


async def test_a_file_that_the_chart_has_not_is_waited_for_unless_it_is_optional() -> None:
    """A later version of the chart may have it."""
    with pytest.raises(ValuesUnavailable) as caught:
        await compose(asking(chart_file()), Shelf())
    found = await compose(asking(chart_file(optional=True)), Shelf())

    said = 'spec.valuesFrom[0].chartFileRef: the chart has no file "prod.yaml": name one of its'
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith("or set optional: true")
    assert found.skipped[0].startswith(said)


async def test_an_older_copy_is_used_and_told() -> None:
    shelf = Shelf(web={URL: Document(b"a: 1", stale_reason="example.com: 503")})
    found = await compose(asking(external()), shelf)

    assert found.document == b'{"a":1}'
    assert found.notes == (
        "spec.valuesFrom[0].externalSourceRef: an older copy is used: example.com: 503",
    )


@pytest.mark.parametrize("source", [external(), chart_file()])
async def test_broken_yaml_is_told_by_its_place_and_may_be_optional(source: ValuesSource) -> None:
    shelf = Shelf(web={URL: "a: b: hunter2"}, files={"prod.yaml": "a: b: hunter2"})
    with pytest.raises(ValuesInvalid) as caught:
        await compose(asking(source), shelf)
    optional = ValuesSource(source.kind, source.field, location=source.location, optional=True)
    found = await compose(asking(optional), shelf)

    assert "line 1, column 5: mapping values are not allowed" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert found.skipped == (str(caught.value),)


async def test_too_much_is_refused_by_name() -> None:
    text = "a: " + "x" * MAX_SOURCE
    with pytest.raises(ValuesInvalid, match=r'file "prod\.yaml" of the chart is larger than 1 MiB'):
        await compose(asking(chart_file()), Shelf(files={"prod.yaml": text}))
    part = "a: " + "x" * (MAX_SOURCE // 2)
    many = {f"{n}.yaml": part for n in range(2 * MAX_READ // MAX_SOURCE + 1)}
    with pytest.raises(ValuesInvalid, match="larger than 8 MiB"):
        await compose(asking(*map(chart_file, many)), Shelf(files=dict(many)))


async def test_what_is_secret_in_a_url_is_told_to_nobody() -> None:
    url = "https://me:hunter22@example.com/v.yaml?token=hunter33#hunter44"
    shelf = Shelf(web={url: "- hunter2"})
    with pytest.raises(ValuesInvalid) as caught:
        await compose(asking(external(url)), shelf)
    said = "".join(traceback.format_exception(caught.value))
    assert "https://example.com/v.yaml: it is a list" in said
    assert "hunter" not in str(caught.value)

    redactor = Redactor()
    found = await compose(asking(external(url)), Shelf(web={url: "a: 1"}))
    await keep_secret("a", found, redactor)
    assert redactor.mask("hunter22 token=hunter33") == f"{MASK} {MASK}"


async def test_one_value_is_set_at_its_path_in_its_place_of_the_order() -> None:
    objects: Objects = {
        "ConfigMap shop/a": {"values.yaml": "image: {tag: '0', name: web}\nport: 1"},
        "ConfigMap shop/b": {"tag": "1.0,0", "port": "8080", "on": "true"},
    }
    tag = config_map("b", key="tag", target="image.tag", literal=True)
    port = config_map("b", key="port", target="port")
    text = config_map("b", key="port", target=r"labels.a\.b/port", field="x")
    literal = config_map("b", key="port", target="literal", literal=True)
    found = await compose(asking(config_map(), tag, port, text, literal), Shelf(objects))
    before = await compose(asking(port, config_map()), Shelf(objects))

    assert found.document == (
        b'{"image":{"name":"web","tag":"1.0,0"},"labels":{"a.b/port":8080},'
        b'"literal":"8080","port":8080}'
    )
    assert found.origins["labels", "a.b/port"] == "x"
    assert b'"port":1' in before.document


async def test_what_is_set_in_a_list_keeps_the_rest_of_it() -> None:
    """And the list stays secret if any of it is."""
    objects: Objects = {
        "Secret shop/a": {"values.yaml": "env: [{name: A, value: hunter2}]"},
        "ConfigMap shop/a": {"v": "shown"},
    }
    setting = config_map(key="v", target="env[1].value", field="spec.valuesFrom[1].configMapKeyRef")
    found = await compose(asking(secret(), setting, setting), Shelf(objects))

    assert found.document == b'{"env":[{"name":"A","value":"hunter2"},{"value":"shown"}]}'
    assert found.hidden == {("env",)}
    assert found.origins["env",] == (
        "spec.valuesFrom[0].secretKeyRef and spec.valuesFrom[1].configMapKeyRef"
    )


async def test_a_value_of_a_secret_is_secret() -> None:
    redactor = Redactor()
    source = secret(key="p", target="db.password")
    found = await compose(asking(source), Shelf({"Secret shop/a": {"p": "{hunter22,hunter33}"}}))
    await keep_secret("a", found, redactor)

    assert found.hidden == {("db", "password")}
    assert redactor.mask("hunter22 and hunter33") == f"{MASK} and {MASK}"


SET_WRONG = [
    (b"a,b", "a comma would begin another setting"),
    (b"{a", "does not end it with }"),
    (b"\xff", "it is not UTF-8 text"),
]


@pytest.mark.parametrize(("text", "why"), SET_WRONG)
async def test_what_cannot_be_set_is_told_and_may_be_optional(text: bytes, why: str) -> None:
    shelf = Shelf({"ConfigMap shop/a": {"v": text}})
    with pytest.raises(ValuesInvalid) as caught:
        await compose(asking(config_map(key="v", target="a")), shelf)
    found = await compose(asking(config_map(key="v", target="a", optional=True)), shelf)

    place = 'spec.valuesFrom[0].configMapKeyRef: key "v" of ConfigMap shop/a: '
    assert str(caught.value).startswith(f"{place}{why}") or why in str(caught.value)
    assert found.skipped == (str(caught.value),)


async def test_a_path_through_another_value_names_field_and_fix() -> None:
    shelf = Shelf({"ConfigMap shop/a": {"values.yaml": "a: text", "v": "1"}})
    with pytest.raises(ValuesInvalid) as caught:
        await compose(asking(config_map(), config_map(key="v", target="a.b", optional=True)), shelf)

    assert str(caught.value) == (
        'spec.valuesFrom[0].configMapKeyRef.targetPath: "a.b": a is a text of another source, '
        "not a mapping: set another path"
    )
