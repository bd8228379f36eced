"""What the nouns say of themselves."""

import pytest

from helmward.model import ChartRef, GitChart, SourceKind, ValuesSource
from tests.support.builders import a_declared

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize("version", ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build.7", DIGEST])
def test_one_version_is_exact(version: str) -> None:
    assert ChartRef("https://charts.example.com", "web", version).exact


@pytest.mark.parametrize(
    "version", ["", "*", "1", "1.2", "1.x", "^1.2.3", ">=1.2.3 <2", "1.2.3 - 2.0.0", "1.2.3 || 2"]
)
def test_a_range_is_not(version: str) -> None:
    """`1.2` is one: Helm takes the newest 1.2.x for it."""
    assert not ChartRef("https://charts.example.com", "web", version).exact


def test_what_may_have_changed_by_itself_moves() -> None:
    exact = ChartRef("https://charts.example.com", "web", "1.2.3")
    url = ValuesSource(SourceKind.EXTERNAL, "spec.valuesFrom[0]", location="https://a.example/v")
    assert not a_declared(chart=exact).moves
    assert a_declared(chart=exact, values_from=(url,)).moves
    assert a_declared(chart=ChartRef(exact.repository, "web", "^1")).moves
    assert a_declared(chart=GitChart("https://git.example.com/a", "charts/web")).moves
