"""Durations as Go reads and writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmward.cli.durations import parse, show


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3m", 180),
        ("10s", 10),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("1h2m3.5s", 3723.5),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("2µs", 2e-6),
        ("2us", 2e-6),
        ("1000ns", 1e-6),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_go_syntax_is_read(text: str, seconds: float) -> None:
    assert parse(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "3", "m", "3 m", "-3m", "3d", "3m!", "1h 30m", ".s", "1e3s", "3m\n"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 500ms, 10s, 3m or 1h30m"):
        parse(text)


def test_a_bare_number_is_met_with_a_guess() -> None:
    """The commonest mistake, since Kubernetes' own fields are in seconds."""
    with pytest.raises(ValueError, match=r"did you mean 30s\?"):
        parse("30")


def test_a_duration_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than any"):
        parse("9" * 30 + "h")


@pytest.mark.parametrize("text", ["3m", "1h30m", "10s", "500ms", "1.5s", "2h", "1h0.25s"])
def test_a_duration_is_shown_as_it_was_written(text: str) -> None:
    assert show(parse(text)) == text


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_shown_reads_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert abs(parse(show(duration)) - duration) < timedelta(milliseconds=1)
