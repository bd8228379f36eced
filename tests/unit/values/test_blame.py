"""What a chart's schema refuses is told with who set it."""

import pytest

from helmward.errors import ChartRejected, HelmwardError, ValuesInvalid
from helmward.model import Violation
from helmward.values import Path, blame, blamed
from helmward.values.blame import MAX_TOLD

MAP = "spec.valuesFrom[0].configMapKeyRef"
ORIGINS: dict[Path, str] = {
    ("image", "tag"): MAP,
    ("image", "name"): "spec.values",
    ("env",): "spec.valuesFrom[1].secretKeyRef",
    ("gone",): "spec.values",
    ("labels", "a.b"): MAP,
}
NUMBER = "must be a string, not a number"
ROWS: list[tuple[tuple[str, ...], str, str]] = [
    (("image", "tag"), NUMBER, f"image.tag: {NUMBER} (set by {MAP})"),
    (
        ("env", "0", "name"),
        NUMBER,
        f"env[0].name: {NUMBER} (set by spec.valuesFrom[1].secretKeyRef)",
    ),
    (("labels", "a.b"), NUMBER, f'labels."a.b": {NUMBER} (set by {MAP})'),
    (("replicas",), "is missing", "replicas: is missing (no source sets it)"),
    (("image", "pull"), "is missing", "image.pull: is missing (no source sets it)"),
    (("gone",), "is missing", "gone: is missing (removed by spec.values)"),
    (("port",), NUMBER, f"port: {NUMBER} (the chart's own default)"),
    (("image",), "has too many keys", f"image: has too many keys (set by {MAP}, spec.values)"),
    (("image", "tag", "x"), "is not known", f"image.tag.x: is not known (set by {MAP})"),
]


@pytest.mark.parametrize(("path", "problem", "said"), ROWS)
def test_a_violation_names_who_set_the_value(
    path: tuple[str, ...], problem: str, said: str
) -> None:
    assert blame([Violation(path, problem)], ORIGINS) == said


def test_what_is_wrong_with_the_whole_names_everybody() -> None:
    assert (
        blame([Violation((), "has too few keys")], {})
        == "has too few keys (the chart's own default)"
    )
    assert MAP in blame([Violation((), "has too few keys")], ORIGINS)


def test_the_schema_of_a_subchart_is_told() -> None:
    said = blame([Violation(("redis", "port"), NUMBER, chart="redis")], {})
    assert said == f"redis.port: {NUMBER} (schema of the subchart redis; the chart's own default)"


def test_many_violations_stay_readable() -> None:
    many = [Violation((f"k{n}",), NUMBER) for n in range(MAX_TOLD + 5)]
    said = blame(many, {})

    assert said.count(NUMBER) == MAX_TOLD
    assert said.endswith("; and 5 more")


def test_only_what_a_schema_refuses_is_worded_anew() -> None:
    refused = ValuesInvalid("long words of a library: hunter2")
    refused.violations = (Violation(("image", "tag"), NUMBER),)
    refused.revision = "7"
    told = blamed(refused, ORIGINS)

    assert type(told) is ValuesInvalid
    assert str(told) == f"the chart's schema refuses the values: image.tag: {NUMBER} (set by {MAP})"
    assert (told.violations, told.revision) == (refused.violations, "7")
    others: list[HelmwardError] = [ValuesInvalid("no YAML"), ChartRejected("does not render")]
    for other in others:
        assert blamed(other, ORIGINS) is other
