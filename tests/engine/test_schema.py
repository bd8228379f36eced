"""Values that a chart's schema refuses: where, and why, and never what they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from helmward.engine.sources import Folder
from helmward.errors import ChartRejected, ValuesInvalid
from helmward.model import ValuesPolicy, Violation
from tests.support.charts import make_chart
from tests.support.helm import Helm, config_map

ONE = {"c.yaml": config_map("c")}
SECRET = "planted-4711"
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": {"$ref": "#/$defs/image"},
        "replicas": {"type": "integer", "minimum": 1},
        "mode": {"enum": ["fast", "safe"]},
        "hosts": {"type": "array", "items": {"type": "string", "pattern": "^[a-z.]+$"}},
        "sub": True,
        "global": True,
    },
    "$defs": {"image": {"type": "object", "required": ["tag"]}},
}
FILES = {"values.schema.json": json.dumps(SCHEMA)}


async def refused(helm: Helm, chart: Any, values: Any, **options: Any) -> ValuesInvalid:
    """Install, which must fail before anything is written."""
    with pytest.raises(ValuesInvalid) as caught:
        await helm.install(chart, values, **options)
    assert await helm.statuses() == []
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.violations)
    return caught.value


async def test_each_refused_value_has_its_path(helm: Helm) -> None:
    """In their order, in plain words, without the value."""
    chart = await helm.chart(ONE, files=FILES)
    values = {
        "replicas": SECRET,
        "mode": SECRET,
        "hosts": ["good.example", SECRET],
        "image": {},
        "extra": SECRET,
    }
    error = await refused(helm, chart, values)
    assert error.violations == (
        Violation(("extra",), "is not a value that the chart knows"),
        Violation(("hosts", "1"), "must match the pattern ^[a-z.]+$"),
        Violation(("image", "tag"), "is missing, and required"),
        Violation(("mode",), 'must be "fast", or "safe"'),
        Violation(("replicas",), "must be an integer, not a string"),
    )
    assert "hosts[1] must match the pattern" in str(error)
    assert "image.tag is missing, and required" in str(error)


async def test_there_are_not_too_many(helm: Helm) -> None:
    chart = await helm.chart(ONE, files=FILES)
    error = await refused(helm, chart, {"image": {"tag": "1"}, "hosts": [SECRET] * 40})
    assert [one.path for one in error.violations] == [("hosts", str(i)) for i in range(20)]
    assert str(error).endswith("and 35 more")


async def test_a_dependencys_schema_counts_below_its_key(helm: Helm, tmp_path: Path) -> None:
    """By its alias where it has one; one that is switched off is not asked."""
    schema = json.dumps({"properties": {"port": {"type": "integer", "maximum": 65535}}})
    files = {"values.schema.json": schema}
    sub = make_chart(tmp_path, "sub", "1.0.0", ONE, {"port": 80}, files=files)
    folder = tmp_path / "app"
    (folder / "charts").mkdir(parents=True)
    (folder / "charts/sub-1.0.0.tgz").write_bytes(sub.read_bytes())
    wanted = [
        {"name": "sub", "version": "1.0.0", "alias": "web"},
        {"name": "sub", "version": "1.0.0", "alias": "off", "condition": "off.enabled"},
    ]
    chart_yaml = {"apiVersion": "v2", "name": "app", "version": "1.0.0", "dependencies": wanted}
    (folder / "Chart.yaml").write_text(json.dumps(chart_yaml))
    chart = await helm.engine.pack_chart("k", Folder(folder, "."))
    values = {"web": {"port": SECRET}, "off": {"enabled": False, "port": SECRET}}
    error = await refused(helm, chart, values)
    assert error.violations == (
        Violation(("web", "port"), "must be an integer, not a string", "web"),
    )
    error = await refused(helm, chart, {"web": {"port": 70000}, "off": {"enabled": False}})
    assert [one.problem for one in error.violations] == ["must be at most 65535"]


async def test_an_upgrade_is_checked_with_the_values_it_will_have(helm: Helm) -> None:
    """Those of the revision before count in where they are used again."""
    old = await helm.chart(ONE)
    first = await helm.install(old, {"replicas": "many"})
    new = await helm.chart(ONE, version="1.1.0", files=FILES)
    good = {"image": {"tag": "1"}}
    with pytest.raises(ValuesInvalid) as caught:
        await helm.upgrade(first, new, good, values_policy=ValuesPolicy.REUSE)
    assert [one.path for one in caught.value.violations] == [("replicas",)]
    with pytest.raises(ValuesInvalid, match=r"image is missing.*replicas must be an integer"):
        await helm.upgrade(first, new, {}, values_policy=ValuesPolicy.REUSE_WHEN_EMPTY)
    with pytest.raises(ValuesInvalid, match=r"image\.tag is missing"):
        await helm.upgrade(first, new, {"image": {}})
    assert (await helm.upgrade(first, new, good)).number == 2


async def test_the_check_can_be_switched_off(helm: Helm) -> None:
    chart = await helm.chart(ONE, files=FILES)
    first = await helm.install(chart, {"replicas": "many"}, disable_schema_validation=True)
    await helm.upgrade(first, chart, {"mode": "odd"}, disable_schema_validation=True)


@pytest.mark.parametrize("text", ["{", '{"type": 5}', '{"$ref": "#/$defs/none"}'])
async def test_a_schema_that_is_none_is_the_charts_fault(helm: Helm, text: str) -> None:
    chart = await helm.chart(ONE, files={"values.schema.json": text})
    with pytest.raises(ChartRejected, match=r"values\.schema\.json of chart app cannot be used"):
        await helm.install(chart)


async def test_a_schema_asks_nobody(helm: Helm, tmp_path: Path) -> None:
    """Neither a host nor a file of this machine; what it refers to there fits anything."""
    (tmp_path / "secret.json").write_text('{"type": "string"}')
    schema = {
        "properties": {
            "a": {"$ref": f"{helm.repo.url}/schema.json#/$defs/a"},
            "b": {"$ref": f"file://{tmp_path}/secret.json"},
            "c": {"type": "string"},
        }
    }
    chart = await helm.chart(ONE, files={"values.schema.json": json.dumps(schema)})
    before = len(helm.repo.requests)
    error = await refused(helm, chart, {"a": 1, "b": 1, "c": 1})
    assert [one.path for one in error.violations] == [("c",)]
    assert len(helm.repo.requests) == before


async def test_a_schema_without_end_is_stopped(helm: Helm) -> None:
    """Each part asks twice for the next: 2 to the 60 steps."""
    parts: dict[str, Any] = {"p60": {"type": "string"}}
    for i in range(60):
        parts[f"p{i}"] = {"allOf": [{"$ref": f"#/$defs/p{i + 1}"}] * 2}
    schema = {"properties": {"a": {"$ref": "#/$defs/p0"}}, "$defs": parts}
    chart = await helm.chart(ONE, files={"values.schema.json": json.dumps(schema)})
    with pytest.raises(ChartRejected, match="takes too many steps"):
        await helm.install(chart, {"a": "x"})
