"""What decides an upgrade: the digest over chart content and values."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helmward.model import ValuesPolicy
from helmward.releases.desire import digest_of
from tests.support.builders import a_chart

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
