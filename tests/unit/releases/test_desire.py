"""What decides an upgrade: the digest over chart content and values."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from helmward.model import Chart, Document, Key, ValuesPolicy
from helmward.releases.desire import desire, digest_of
from tests.support.builders import a_chart
from tests.support.shelf import Shelf, asking, external

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
VALUES = st.dictionaries(
    st.text(),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
)


def dump(values: Any, *, sort: bool = False) -> bytes:
    return json.dumps(values, sort_keys=sort).encode()


def reversed_keys(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: reversed_keys(document[name]) for name in reversed(document)}
    if isinstance(document, list):
        return [reversed_keys(one) for one in document]
    return document


@given(VALUES)
def test_the_order_of_keys_does_not_matter(values: dict[str, Any]) -> None:
    """Else a re-written but equal file would make a revision."""
    chart = a_chart()
    assert digest_of(chart, dump(values)) == digest_of(chart, dump(reversed_keys(values)))


@given(VALUES, VALUES)
def test_equal_digests_mean_equal_values(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = digest_of(a_chart(), dump(one)) == digest_of(a_chart(), dump(other))
    assert same == (dump(one, sort=True) == dump(other, sort=True))


def test_chart_content_matters_not_its_version() -> None:
    """A chart published anew under its old version is another chart."""
    chart = a_chart()
    changed = type(chart)("sha256:other", chart.name, chart.version)
    assert digest_of(chart, b"{}") != digest_of(changed, b"{}")


def test_null_is_a_value() -> None:
    """Null removes a default of the chart: asking for it is a change."""
    assert digest_of(a_chart(), b'{"a":null}') != digest_of(a_chart(), b"{}")


def test_old_values_count_only_where_they_are_taken() -> None:
    """Options that change nothing change no digest, or switching APIs would make a revision."""
    chart, some = a_chart(), b'{"a":1}'
    when_empty, reuse = ValuesPolicy.REUSE_WHEN_EMPTY, ValuesPolicy.REUSE
    assert digest_of(chart, some, when_empty) == digest_of(chart, some)
    assert digest_of(chart, b"{}", when_empty) == digest_of(chart, b"{}", reuse)
    assert digest_of(chart, b"{}", when_empty) != digest_of(chart, b"{}")
    assert digest_of(chart, some, reuse) != digest_of(chart, some)


class Kept:
    """A chart that is there, whatever is asked for."""

    async def pull(self, *_: Any, **__: Any) -> Chart:
        return a_chart()


async def test_a_kept_document_is_warned_of_once_while_it_stays_so() -> None:
    """A turn comes every few minutes, and an outage may last for days."""
    url = "https://example.com/v.yaml"
    declared = replace(asking(external(url)), key=Key("v1", "shop", "kept"))
    shelf = Shelf(web={url: Document(b"a: 1", stale_reason="example.com: 503")})

    async def turns(count: int) -> int:
        with capture_logs() as logs:
            for _ in range(count):
                await desire(
                    declared,
                    Kept(),  # type: ignore[arg-type]
                    lambda _: shelf,
                    lambda *_, **__: shelf,
                    fresh=timedelta(0),
                )
        return sum(line["log_level"] == "warning" for line in logs)

    assert await turns(3) == 1
    shelf.web[url] = Document(b"a: 1")
    assert await turns(2) == 0
    shelf.web[url] = Document(b"a: 1", stale_reason="example.com: 503")
    assert await turns(2) == 1


async def test_values_lie_over_the_defaults_of_all() -> None:
    shelf = Shelf({"ConfigMap ops/all": {"values.yaml": "a: 1\nb: 1"}})
    desired = await desire(
        asking(values={"b": 2}),
        Kept(),  # type: ignore[arg-type]
        lambda _: shelf,
        lambda *_, **__: shelf,
        fresh=timedelta(0),
        defaults=("ops/all",),
    )
    assert desired.values == b'{"a":1,"b":2}'
