"""The verdicts of `make bench` are computed from the figures, and from nothing else."""

from collections import Counter

import pytest

from bench.bars import MET, MISSED, Bar, judged
from bench.collected import Collected, Machine
from bench.findings import Correction, Depends, Growth, Idle, Many, Step, Wait
from bench.results import FLOOR, HELM_CLI, HELMWARD, Alone, Contest, Score, Storm, Usage, Verb

MACHINE = Machine(2, 8.0, "a processor", "3.11.7", "0.1.0", "v4.3.1", "v1.36.3")


def a_storm(wall: float, requests: dict[str, int] | None = None, releases: int = 100) -> Storm:
    asked = Counter({"patch secrets": 1200} if requests is None else requests)
    return Storm(releases, wall, Usage({"operator": 1.0, "engine": 1.0}), asked, {})


def a_score(name: str, wall: float, alone: float | None = None) -> Score:
    times = {} if alone is None else dict.fromkeys(Verb, Alone((alone,) * 3))
    return Score(name, dict.fromkeys(Verb, a_storm(wall)), times)


def a_contest(ours: float, load: str = "no pods") -> Contest:
    scores = (a_score(FLOOR, 2.0), a_score(HELM_CLI, 30.0), a_score(HELMWARD, ours, 0.1))
    return Contest(load, 6, 100, scores)


def bars_of(**measured: object) -> dict[str, Bar]:
    collected = Collected(MACHINE)
    for name, value in measured.items():
        setattr(collected, name, value)
    return {bar.what: bar for bar in judged(collected)}


def test_what_was_not_measured_is_not_judged() -> None:
    """A part that was left out is neither met nor missed."""
    assert bars_of() == {}


@pytest.mark.parametrize(("ours", "verdict"), [(3.0, MET), (3.1, MISSED)])
def test_an_install_may_take_one_and_a_half_times_the_floor(ours: float, verdict: str) -> None:
    bars = bars_of(contests=[a_contest(ours)])
    assert bars["install of 100: wall over the floor's"].verdict == verdict


def test_the_helm_cli_has_to_be_slower_by_so_much() -> None:
    """This bar is the least that will do."""
    bars = bars_of(contests=[a_contest(4.0)])
    assert bars["install of 100: the helm CLI's wall over ours"].met
    assert not bars["upgrade of 100: the helm CLI's wall over ours"].met


def test_a_part_that_failed_is_a_bar_that_was_missed() -> None:
    """No figure must not read as no complaint."""
    bars = bars_of(failed={"wait": "it took too long"})
    assert not bars["the part wait came through"].met


def test_an_uninstall_is_judged_by_the_hundred() -> None:
    contest = a_contest(5.9)
    larger = Contest(contest.load, 6, 200, contest.scores)
    assert bars_of(contests=[larger])["uninstall of 200: for 100 of them"].measured == 2.95


def test_storms_with_pods_are_shown_and_not_judged() -> None:
    """The controllers' work on pods is nobody's merit and nobody's fault."""
    assert bars_of(contests=[a_contest(99.0, "with pods")]) == {}


def test_a_large_chart_has_one_bar_for_every_verb() -> None:
    bars = bars_of(contests=[a_contest(3.1, "40 objects")])
    assert [bar.bar for bar in bars.values()] == [1.5, 1.5, 1.5]
    assert not any(bar.met for bar in bars.values())


def test_a_lease_is_renewed_by_the_clock_and_not_by_a_release() -> None:
    asked = {"patch secrets": 1300, "patch leases": 5, "get /apis": 1}
    score = Score(HELMWARD, {Verb.INSTALL: a_storm(1.0, asked)})
    contest = Contest("no pods", 6, 100, (score,))

    bars = bars_of(contests=[contest])

    assert bars["install of 100: API requests each, its Lease left out"].measured == 13.01
    assert bars["install of 100: discovery requests in all"].measured == 1


def test_idleness_is_judged_by_the_minute() -> None:
    idle = Idle(
        1000, 30.0, {"operator": 0.1, "engine": 0.04}, Counter({"patch leases": 6}), {"both": 249.0}
    )
    bars = bars_of(idle=idle)
    assert [bar.measured for bar in bars.values()] == pytest.approx([0.28, 12, 249])
    assert [bar.met for bar in bars.values()] == [True, False, True]


def test_a_restart_may_write_its_lease_and_nothing_else() -> None:
    asked = Counter({"patch leases": 3, "list secrets": 9, "patch helmreleases/status": 1})
    many = Many(2000, 60.0, Usage({}), 2.0, None, 1990, asked, Usage({}))
    bars = bars_of(many=many)
    assert not bars["restart with 2000 in sync: until all were looked at"].met
    assert bars["restart with 2000 in sync: writes beyond the Lease"].measured == 1


@pytest.mark.parametrize(("last", "met"), [(1.2, True), (1.3, False)])
def test_growth_is_the_last_cost_over_the_first(last: float, met: bool) -> None:
    steps = (Step(100, a_storm(1.0)), Step(500, a_storm(9.0)), Step(2000, a_storm(last)))
    bars = bars_of(growth=[Growth(1, steps), Growth(20, steps)])
    one = bars["growth in one namespace, 2000 over 100 releases: wall each"]
    assert one.measured == pytest.approx(last)
    assert one.met is met
    assert bars["growth in 20 namespaces, 2000 over 100 releases: requests each"].met


def test_waits_corrections_and_dependents_have_their_bars() -> None:
    bars = bars_of(
        wait=Wait(200, 30.0, 41.0),
        drift=Correction(Alone((0.2, 0.9, 5.0)), Alone((1.1,))),
        depends=Depends(Alone((0.1,))),
    )
    assert [bar.met for bar in bars.values()] == [False, True, False, True]
