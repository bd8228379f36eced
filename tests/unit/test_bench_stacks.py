"""Profiles become tables and flame graphs; two formats are read, none of ours."""

from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from bench import flame
from bench.stacks import Stack, as_text, of_pprof, of_pyspy, tops

RAW = """\
main (app.py:1);turn (loop.py:10);decide (rules.py:5) 3
main (app.py:1);turn (loop.py:12);decide (rules.py:7) 1
main (app.py:2);read (io.py:3) 4
Error: something else
"""
TRACES = """\
File: engine
Type: cpu
Duration: 8s, Total samples = 1.12s
-----------+-------------------------------------------------------
      20ms   runtime.memmove
             encode (inline)
             main.main
-----------+-------------------------------------------------------
     bytes:  16kB
     1.50s   runtime.memmove
             main.main
-----------+-------------------------------------------------------
"""
STACKS: Counter[Stack] = Counter({("main", "turn", "decide"): 4, ("main", "read"): 4})


def test_stacks_of_pyspy_are_those_of_functions_not_of_lines() -> None:
    """One function is one row, wherever in it the time is spent."""
    assert of_pyspy(RAW) == Counter(
        {
            ("main (app.py)", "turn (loop.py)", "decide (rules.py)"): 4,
            ("main (app.py)", "read (io.py)"): 4,
        }
    )


def test_stacks_of_pprof_are_turned_round_and_weighed_in_milliseconds() -> None:
    """It names the innermost function first; labels stand before the weight."""
    assert of_pprof(TRACES) == Counter(
        {("main.main", "encode", "runtime.memmove"): 20, ("main.main", "runtime.memmove"): 1500}
    )


def test_a_function_has_what_it_spends_itself_and_with_its_calls() -> None:
    spent = {one.function: one for one in tops(STACKS)}
    assert (spent["main"].itself, spent["main"].with_calls) == (0, 1)
    assert (spent["turn"].itself, spent["turn"].with_calls) == (0, 0.5)
    assert (spent["read"].itself, spent["read"].with_calls) == (0.5, 0.5)


def test_a_function_that_calls_itself_is_counted_once() -> None:
    assert tops(Counter({("walk", "walk", "walk"): 2}))[0].with_calls == pytest.approx(1)


def test_nothing_sampled_is_no_row() -> None:
    assert tops(Counter()) == []


def test_both_lists_are_printed_and_cut() -> None:
    said = as_text("operator", tops(Counter({("main", "turn"): 3, ("main",): 1})), 1)
    assert said.splitlines() == [
        *("", "operator, by itself", "   self   calls", "  75.0%   75.0%  turn"),
        *("", "operator, with all calls", "   self   calls", "  25.0%  100.0%  main"),
    ]


def test_a_flame_graph_has_a_box_for_each_place_in_the_calls() -> None:
    drawn = ET.fromstring(flame.graph(STACKS, "a <title>"))  # noqa: S314  # drawn by ourselves
    titles = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["all: 100.0%", "main: 100.0%", "read: 50.0%", "turn: 50.0%", "decide: 50.0%"]


def test_a_box_has_room_for_the_name_not_for_the_path_of_its_package() -> None:
    assert flame.short("helm.sh/helm/v4/pkg/action.(*Install).Run") == "action.(*Install).Run"
    assert flame.short("Handle._run (asyncio/events.py)") == "Handle._run (asyncio/events.py)"


def test_what_would_not_be_seen_is_not_drawn() -> None:
    stacks: Counter[Stack] = Counter({("main", "long"): 100_000, ("main", "short"): 1})
    assert "short" not in flame.graph(stacks, "a title")
