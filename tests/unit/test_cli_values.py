"""How `helmward values` shows what it found."""

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from helmward.cli.explained import Shown, written
from helmward.cli.main import helmward
from helmward.model import Chart
from helmward.redaction import MASK, Redactor
from helmward.values.layers import CHART, Layer
from helmward.values.provenance import final_values, trace

GIT = Chart("sha256:1", "cart", "1.0.0", commit="0123456789abcdef0123456789abcdef01234567")
LAYERS = [
    Layer(CHART, {"image": {"tag": "1", "name": "cart"}, "replicas": 1, "env": []}, in_chart=True),
    Layer("spec.valuesFrom[0].externalSourceRef", {"replicas": 2}, "https://example.com/v.yaml"),
    Layer(
        "spec.valuesFrom[1].secretKeyRef",
        {"db": {"password": "hunter22"}, "image": {"tag": "hunter33"}},
        'key "values.yaml" of Secret shop/db',
        secret=True,
    ),
    Layer("spec.values", {"image": {"tag": "2"}, "replicas": None, "env": [{"name": "A"}]}),
]


def shown(output: str, *, secrets: bool = False, chart: Chart = GIT) -> str:
    redactor = Redactor()
    redactor.learn("a", ["hunter22", "hunter33"])
    return written(trace(LAYERS), Shown(chart, None if secrets else redactor), output)


TABLE = """\
KEY           VALUE             SET BY                                                                  OVERRIDES
db.password   ***               spec.valuesFrom[1].secretKeyRef (key "values.yaml" of Secret shop/db)
env           [{"name": "A"}]   spec.values                                                             [] of the chart's own values.yaml (commit 0123456789ab)
image.name    cart              the chart's own values.yaml (commit 0123456789ab)
image.tag     2                 spec.values                                                             *** of spec.valuesFrom[1].secretKeyRef (key "values.yaml" of Secret shop/db), 1 of the chart's own values.yaml (commit 0123456789ab)
replicas      (removed)         spec.values                                                             2 of spec.valuesFrom[0].externalSourceRef (https://example.com/v.yaml), 1 of the chart's own values.yaml (commit 0123456789ab)
"""  # noqa: E501


def test_the_table_has_a_line_for_each_value() -> None:
    assert shown("table") == TABLE


def test_yaml_is_the_values_with_who_set_them_as_comments() -> None:
    text = shown("yaml", secrets=True)

    assert "  tag: '2'  # spec.values, over hunter33 of spec.valuesFrom[1].secretKeyRef" in text
    assert "replicas: null  # removed by spec.values, over 2 of" in text
    assert yaml.safe_load(text) == final_values(LAYERS, keep_nulls=True)
    assert "hunter" not in shown("yaml")


def test_json_is_for_programs() -> None:
    found = json.loads(shown("json"))
    by_path = {one["path"]: one for one in found}

    assert [one["path"] for one in found] == sorted(by_path)
    assert by_path["db.password"] == {
        "path": "db.password",
        "value": MASK,
        "source": "spec.valuesFrom[1].secretKeyRef",
        "from": 'key "values.yaml" of Secret shop/db',
        "overrode": [],
    }
    assert by_path["image.name"]["commit"] == GIT.commit
    assert by_path["replicas"]["removed"] is True
    assert by_path["replicas"]["value"] is None
    assert by_path["replicas"]["overrode"][0] == {
        "value": 2,
        "source": "spec.valuesFrom[0].externalSourceRef",
        "from": "https://example.com/v.yaml",
    }
    assert "hunter" not in shown("json")
    assert "hunter22" in shown("json", secrets=True)


def test_a_chart_of_a_repository_has_no_commit() -> None:
    assert "commit" not in shown("json", chart=Chart("sha256:1", "cart", "1.0.0"))


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
VALUES = st.dictionaries(
    st.text(max_size=6),
    st.recursive(
        SCALARS | st.lists(SCALARS | st.dictionaries(st.text(max_size=3), SCALARS), max_size=3),
        lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(VALUES)
def test_whatever_the_values_are_the_yaml_is_theirs(values: dict[str, Any]) -> None:
    """Keys with dots, texts of several lines, empty mappings."""
    traced = trace([Layer("spec.values", values)])
    text = written(traced, Shown(GIT, None), "yaml")

    assert yaml.safe_load(text) == values


@pytest.mark.parametrize(
    "words", [[], ["a", "b"], ["a", "--api", "v2"], ["a", "-o", "wide"], ["a", "-n", "No"]]
)
def test_wrong_usage_is_code_2(words: list[str]) -> None:
    assert CliRunner().invoke(helmward, ["values", *words]).exit_code == 2


def test_no_cluster_is_wrong_usage_too(tmp_path: Any) -> None:
    env = {"HOME": str(tmp_path), "KUBECONFIG": "", "HELMWARD_KUBECONFIG": ""}
    result = CliRunner().invoke(helmward, ["values", "a"], env=env)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: no cluster")
