"""A release in sync is what it was, as long as nothing that it came from may have changed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helmward.model import Chart, Declared, Desired
from helmward.releases.rests import Rests
from tests.support.builders import a_chart, a_declared, a_desired, commands
from tests.support.shelf import config_map, external

MINUTE = timedelta(minutes=1)
AT_REST = a_declared(values_from=(config_map(),))


def resting(
    declared: Declared = AT_REST,
    *,
    chart: Chart | None = None,
    current: bool = True,
) -> Rests:
    """One HelmRelease in sync, whose chart is by now the one given."""
    rests = Rests(lambda *_: chart, lambda _: current)
    rests.keep(declared, a_desired(values=b'{"a":1}', origins={("a",): "spec"}))
    return rests


def test_nothing_changed_and_nothing_is_composed_anew() -> None:
    """Only the values are not kept: a thousand of them would take much room."""
    still = resting(chart=a_chart()).still(AT_REST, MINUTE)
    assert still == replace(a_desired(), values=b"{}")


@pytest.mark.parametrize(
    "rests",
    [
        resting(chart=None),
        resting(chart=a_chart("1.2.0")),
        resting(chart=replace(a_chart(), digest="sha256:published-anew")),
        resting(chart=a_chart(), current=False),
        Rests(lambda *_: a_chart(), lambda _: True),
    ],
    ids=["not-asked-lately", "another-version", "another-content", "other-values", "unknown"],
)
def test_what_may_have_changed_is_found_out_anew(rests: Rests) -> None:
    assert rests.still(AT_REST, MINUTE) is None


@pytest.mark.parametrize(
    "changes",
    [{"generation": 2}, {"deleting": True}, {"commands": commands(suspend=True)}, {"uid": "2"}],
)
def test_another_wish_is_found_out_anew(changes: dict[str, Any]) -> None:
    rests = resting(chart=a_chart())
    assert rests.still(replace(AT_REST, **changes), MINUTE) is None


def test_who_reads_the_web_asks_at_each_check() -> None:
    """Nobody tells of a change there."""
    reads = a_declared(values_from=(external(),))
    assert resting(reads, chart=a_chart()).still(reads, MINUTE) is None


def test_what_is_gone_is_forgotten() -> None:
    rests = resting(chart=a_chart())
    rests.forget(AT_REST.key)
    assert rests.still(AT_REST, MINUTE) is None


def test_what_is_asked_of_the_source_is_how_old_its_answer_may_be() -> None:
    """A request by annotation or webhook asks it at once; `Charts.known` is told so."""
    asked: list[timedelta] = []

    def known(_: Declared, fresh: timedelta) -> Chart | None:
        asked.append(fresh)
        return a_chart()

    rests = Rests(known, lambda _: True)
    wanted: Desired = a_desired()
    rests.keep(AT_REST, wanted)
    rests.still(AT_REST, timedelta(0))
    assert asked == [timedelta(0)]
