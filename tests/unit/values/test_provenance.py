"""Who set each value, and what it lies over."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.values import compose
from helmward.values.layers import CHART, Layer
from helmward.values.merge import leaves, shown
from helmward.values.provenance import final_values, trace
from tests.support.shelf import Shelf, asking, chart_file, config_map, external, secret


def layers(*values: dict[str, Any]) -> list[Layer]:
    """The chart's own values and those of sources named a, b, c."""
    names = [CHART, *"abc"]
    return [Layer(names[n], one, in_chart=n == 0) for n, one in enumerate(values)]


def told(*values: dict[str, Any]) -> dict[str, str]:
    """`value of a over value of b`, by path."""
    found = {}
    for one in trace(layers(*values)):
        over = "".join(f" over {said.value} of {said.layer.name}" for said in one.overrode)
        verb = "removed" if one.removed else one.said.value
        found[shown(one.path)] = f"{verb} by {one.said.layer.name}{over}".replace(CHART, "chart")
    return found


Values = dict[str, Any]
ROWS: list[tuple[str, list[Values], dict[str, str]]] = [
    ("nothing", [{}], {}),
    ("defaults alone", [{"a": {"b": 1}}], {"a.b": "1 by chart"}),
    ("over a default", [{"a": 1}, {"a": 2}], {"a": "2 by a over 1 of chart"}),
    (
        "the nearest first",
        [{"a": 1}, {"a": 2}, {}, {"a": 3}],
        {"a": "3 by c over 2 of a over 1 of chart"},
    ),
    (
        "beside one another",
        [{"a": {"x": 1}}, {"a": {"y": 2}}],
        {"a.x": "1 by chart", "a.y": "2 by a"},
    ),
    ("lists are one", [{"a": [1]}, {"a": [2, 3]}], {"a": "[2, 3] by a over [1] of chart"}),
    (
        "a default removed",
        [{"a": 1, "b": 1}, {"a": None}],
        {"a": "removed by a over 1 of chart", "b": "1 by chart"},
    ),
    (
        "a mapping removed",
        [{"a": {"x": 1}}, {"a": None}],
        {"a": "removed by a over {'x': 1} of chart"},
    ),
    (
        "a null that another covers",
        [{"a": {"x": 1}}, {"a": None}, {"a": {"y": 2}}],
        {"a.x": "1 by chart", "a.y": "2 by b over None of a"},
    ),
    (
        "what a null had taken from a source",
        [{"a": {"x": 1}}, {"a": {"x": 2}}, {"a": None}, {"a": {"y": 3}}],
        {"a.x": "1 by chart", "a.y": "3 by c over None of b"},
    ),
    ("a null of the chart itself", [{"a": None}], {"a": "None by chart"}),
    (
        "a text over a mapping",
        [{"a": {"x": 1}}, {"a": "t"}],
        {"a": "t by a over {'x': 1} of chart"},
    ),
    ("a mapping over a text", [{}, {"a": "t"}, {"a": {"x": 1}}], {"a.x": "1 by b over t of a"}),
    ("an empty mapping", [{}, {"a": {}}], {"a": "{} by a"}),
]


@pytest.mark.parametrize(
    ("values", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_value_tells_who_set_it(values: list[Values], said: dict[str, str]) -> None:
    assert told(*values) == said


def test_helm_takes_away_what_a_null_names() -> None:
    """A null that is covered before it reaches the chart removes nothing."""
    assert final_values(layers({"a": 1, "b": {"x": 1}}, {"a": None, "b": {"x": None}})) == {"b": {}}
    assert final_values(layers({"a": {"x": 1}}, {"a": None}, {"a": {"y": 2}})) == {
        "a": {"x": 1, "y": 2}
    }
    assert final_values(layers({}, {"a": None})) == {"a": None}


KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.none() | st.integers(0, 3) | st.lists(st.integers(0, 1), max_size=2)
MAPPINGS = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner | LEAVES, max_size=3),
    max_leaves=8,
)


@given(st.lists(MAPPINGS, min_size=1, max_size=4))
def test_what_is_traced_is_what_helm_is_left_with(values: list[Values]) -> None:
    kept = dict(leaves(final_values(layers(*values), keep_nulls=True)))
    traced = {one.path: one.said.value for one in trace(layers(*values))}

    assert {path: value for path, value in traced.items() if value != {}} == {
        path: value for path, value in kept.items() if value != {}
    }


async def test_layers_are_kept_only_where_asked_for() -> None:
    """And the chart's own values are read only then."""
    shelf = Shelf(
        {"ConfigMap shop/a": {"values.yaml": "a: 2"}, "Secret shop/a": {"p": "hunter2"}},
        web={"https://me:pw@example.com/v.yaml?t=1": "a: 3"},
        files={"values.yaml": "a: 1\nb: 1", "prod.yaml": "b: 2"},
    )
    sources = (
        config_map(),
        external("https://me:pw@example.com/v.yaml?t=1"),
        chart_file(),
        secret(key="p", target="p"),
    )
    plain = await compose(asking(*sources), shelf)
    assert plain.layers == ()
    assert "values.yaml" not in shelf.asked

    kept = await compose(asking(*sources, values={"c": 1}), shelf, in_layers=True)
    assert [
        (one.name.rpartition(".")[2], one.about, one.secret, one.in_chart) for one in kept.layers
    ] == [
        ("yaml", "", False, True),
        ("configMapKeyRef", 'key "values.yaml" of ConfigMap shop/a', False, False),
        ("externalSourceRef", "https://example.com/v.yaml", False, False),
        ("chartFileRef", 'file "prod.yaml" of the chart', False, True),
        ("secretKeyRef", 'key "p" of Secret shop/a', True, False),
        ("values", "", False, False),
    ]
    assert {shown(one.path): one.said.value for one in trace(kept.layers)} == {
        "a": 3,
        "b": 2,
        "c": 1,
        "p": "hunter2",
    }


async def test_a_chart_without_values_has_an_empty_layer() -> None:
    found = await compose(asking(values={"a": 1}), Shelf(), in_layers=True)
    assert [one.values for one in found.layers] == [{}, {"a": 1}]
