"""An answer serves all who ask the same, as long as its source was asked lately enough."""

from dataclasses import replace
from datetime import timedelta

import pytest

from helmward.charts.answers import Answers, Question
from helmward.model import ANYBODY, Access, ChartRef, Verification
from tests.support.builders import a_chart

ASKED = Question(ChartRef("https://charts.example.com", "cart", "^1"), ANYBODY, None)
MINUTE = timedelta(minutes=1)


class Hands:
    """A clock whose hands are moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def answered(known_for: float = 0.0) -> tuple[Answers, Hands]:
    clock = Hands()
    answers = Answers(clock=clock)
    chart = replace(a_chart(), known_for=timedelta(seconds=known_for))
    answers.keep(ASKED, chart, clock.now)
    return answers, clock


@pytest.mark.parametrize(
    ("known_for", "later", "fresh", "serves"),
    [
        (0, 30, MINUTE, True),
        (0, 60, MINUTE, False),
        (50, 5, MINUTE, True),
        (50, 30, MINUTE, False),
        (0, 2, timedelta(seconds=1), False),
        (0, 0, timedelta(0), False),
    ],
)
def test_how_long_ago_the_source_was_asked_decides(
    known_for: float, later: float, fresh: timedelta, serves: bool
) -> None:
    """The engine answers from what it knew already: that is part of the age."""
    answers, clock = answered(known_for)
    clock.now += later
    assert (answers.get(ASKED, fresh) == a_chart()) is serves


@pytest.mark.parametrize(
    "other",
    [
        ASKED._replace(ref=replace(ASKED.ref, version="^2")),
        ASKED._replace(ref=replace(ASKED.ref, repository="https://other.example.com")),
        ASKED._replace(access=Access(username="eve")),
        ASKED._replace(verification=Verification("cosign", (b"key",))),
    ],
)
def test_an_answer_is_for_those_who_ask_the_same(other: Question) -> None:
    """What one access was given is no answer for another."""
    answers, _ = answered()
    assert answers.get(other, MINUTE) is None


def test_a_stale_answer_is_asked_for_again() -> None:
    """The source may be back at any time; and it takes the place of what was known before."""
    answers, clock = answered()
    answers.keep(ASKED, replace(a_chart(), stale_reason="no such host"), clock.now)
    assert answers.get(ASKED, MINUTE) is None


def test_the_oldest_goes_when_there_is_no_room() -> None:
    answers = Answers(most=2)
    asked = [ASKED._replace(access=Access(username=name)) for name in "abc"]
    for one in asked:
        answers.keep(one, a_chart(), answers.clock())
    assert [answers.get(one, MINUTE) is not None for one in asked] == [False, True, True]


def test_all_is_asked_anew_when_the_engine_has_lost_a_chart() -> None:
    answers, _ = answered()
    answers.forget()
    assert answers.get(ASKED, MINUTE) is None
