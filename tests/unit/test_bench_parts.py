"""What the parts of the bench take for granted: names, loads, what this operator offers."""

from itertools import pairwise
from pathlib import Path

import pytest

from bench.collected import Collected, Machine
from bench.helmreleases import place
from bench.loads import NO_PODS, WITH_PODS
from bench.parts.all import PARTS, measure
from bench.parts.growth import spread_names
from bench.parts.offers import generation_with, operator_has
from bench.parts.part import Ask, Skipped
from bench.results import Verb
from bench.scale import FULL, QUICK, Scale
from helmward.apis import V1

MACHINE = Machine(2, 8.0, "a processor", "3.11.7", "0.1.0", "v4.3.1", "v1.36.3")


def test_a_release_is_in_the_namespace_of_the_bench_unless_it_says_so() -> None:
    assert place("web-0001") == ("bench", "web-0001")
    assert place("bench-07/web-0001") == ("bench-07", "web-0001")


def test_releases_are_spread_evenly_under_names_of_their_own() -> None:
    """Names differ even across namespaces: what is in the audit log can be told apart."""
    names = spread_names(7, ("a", "b", "c"))
    assert [name.partition("/")[0] for name in names] == ["a", "b", "c", "a", "b", "c", "a"]
    assert len({name.partition("/")[2] for name in names}) == 7


def test_with_and_without_pods_differ_in_one_value() -> None:
    """Only so are their figures comparable."""
    assert NO_PODS.chart == WITH_PODS.chart
    for verb in (Verb.INSTALL, Verb.UPGRADE):
        differ = set(NO_PODS.values(verb).items()) ^ set(WITH_PODS.values(verb).items())
        assert differ == {("replicas", 0), ("replicas", 1)}


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_the_batches_of_growth_do_not_overlap(scale: Scale) -> None:
    assert all(later - scale.batch >= step for step, later in pairwise(scale.steps))


async def test_a_flag_is_looked_for_in_the_help_of_the_operator() -> None:
    assert await operator_has("--workers")
    assert not await operator_has("--no-such-flag")


def test_a_field_is_looked_for_in_the_schemas() -> None:
    found = generation_with("wait")
    assert found is V1
    assert generation_with("noSuchField") is None


@pytest.mark.parametrize(
    ("raised", "note"),
    [
        (Skipped("no such flag"), ("skipped", "no such flag")),
        (TimeoutError(), ("failed", "what it waits for did not happen in time")),
    ],
)
async def test_a_part_that_cannot_be_measured_is_noted(
    raised: Exception, note: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other parts are measured all the same."""

    async def part(_ask: Ask, _collected: Collected) -> None:
        raise raised

    monkeypatch.setitem(PARTS, "strange", part)
    collected = Collected(MACHINE)
    await measure(Ask(QUICK, (), tmp_path, print), "strange", collected)
    where, why = note
    assert getattr(collected, where) == {"strange": why}
    assert set(collected.seconds) == {"strange"}
