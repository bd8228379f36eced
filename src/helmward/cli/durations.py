"""Durations in Go's syntax, `1h30m` or `500ms`, as Kubernetes people write them.

Called by the flags and by the reference page. `parse` and `show` are inverse
down to the millisecond.
"""

import re
from datetime import timedelta
from typing import Final

import click

SECONDS: Final = {
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns)")
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+")


def parse(text: str) -> timedelta:
    """Read a duration as Go's `time.ParseDuration` does, without signs.

    Raises:
        ValueError: that is no duration; the message says how one looks.
    """
    if text == "0":
        return timedelta()
    if not _WHOLE.fullmatch(text):
        hint = f" (did you mean {text}s?)" if text.isdigit() else ""
        raise ValueError(f"{text!r} is not a duration such as 500ms, 10s, 3m or 1h30m{hint}")
    try:
        return timedelta(seconds=sum(float(n) * SECONDS[unit] for n, unit in _PART.findall(text)))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any duration can be") from None


def parse_positive(text: str) -> timedelta:
    """Read a duration that must be more than zero; see `parse`."""
    if duration := parse(text):
        return duration
    raise ValueError("must be more than zero")


def show(duration: timedelta) -> str:
    """Write a duration as short as Go's syntax allows: 3m, 1h30m, 1.5s, 500ms."""
    seconds = duration.total_seconds()
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    hours, rest = divmod(seconds, SECONDS["h"])
    minutes, rest = divmod(rest, SECONDS["m"])
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{amount:.6g}{unit}" for amount, unit in parts if amount) or "0s"


class Duration(click.ParamType[timedelta]):
    """A flag's duration, which must be more than zero, and `least` at the least."""

    name = "duration"

    def __init__(self, *, least: timedelta = timedelta(0)) -> None:
        self._least = least

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read the flag's text; click names the flag if it cannot be read."""
        if isinstance(value, timedelta):
            return value
        try:
            duration = parse_positive(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if duration < self._least:
            self.fail(f"must be at least {show(self._least)}", param, ctx)
        return duration
