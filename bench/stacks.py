"""Samples of a profile: stacks, how often each was met, and where the time goes. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Stack = tuple[str, ...]
"""Functions, the outermost first."""

LINE: Final = re.compile(r":\d+\)$")
WEIGHT: Final = re.compile(r"^\s*([\d.]+)(ns|us|ms|s|mins)\s+(\S.*)$")
MILLISECONDS: Final = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "mins": 6e4}


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of the time a function has, by itself and with all that it calls."""

    function: str
    itself: float
    with_calls: float
    """Both as parts of one."""


def of_pyspy(text: str) -> Counter[Stack]:
    """Read py-spy's raw format: a stack with semicolons, then how often; lines are dropped."""
    found: Counter[Stack] = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        if count.isdigit():
            found[tuple(LINE.sub(")", frame) for frame in stack.split(";"))] += int(count)
    return found


def of_pprof(text: str) -> Counter[Stack]:
    """Read `go tool pprof -traces`: the innermost function comes first, weights become ms."""
    found: Counter[Stack] = Counter()
    for trace in re.split(r"^-+\+-+$", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in trace.splitlines() if line.strip()]
        first = next((at for at, line in enumerate(lines) if WEIGHT.match(line)), None)
        if first is not None:
            found.update(_trace(lines[first:]))
    return found


def _trace(lines: list[str]) -> dict[Stack, int]:
    number, unit, innermost = WEIGHT.findall(lines[0])[0]
    frames = [innermost, *(line.strip() for line in lines[1:])]
    stack = tuple(frame.removesuffix(" (inline)") for frame in reversed(frames))
    return {stack: round(float(number) * MILLISECONDS[unit])}


def tops(stacks: Counter[Stack]) -> list[Spent]:
    """Return the functions, those first that have the most of the time with all their calls."""
    total = stacks.total() or 1
    itself: Counter[str] = Counter()
    with_calls: Counter[str] = Counter()
    for stack, count in stacks.items():
        itself[stack[-1]] += count
        with_calls.update(dict.fromkeys(set(stack), count))
    return [
        Spent(function, itself[function] / total, count / total)
        for function, count in with_calls.most_common()
    ]


def as_text(title: str, spent: Iterable[Spent], count: int = 40) -> str:
    """Print two lists: who spends the most itself, and who with all calls."""
    found = list(spent)
    by_itself = sorted(found, key=lambda one: one.itself, reverse=True)
    parts = (("by itself", by_itself), ("with all calls", found))
    return "\n".join(line for name, rows in parts for line in _listed(title, name, rows[:count]))


def _listed(title: str, name: str, rows: list[Spent]) -> Iterable[str]:
    yield f"\n{title}, {name}\n   self   calls"
    for row in rows:
        yield f"{row.itself:7.1%} {row.with_calls:7.1%}  {row.function}"
