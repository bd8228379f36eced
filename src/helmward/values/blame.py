"""Says of values that a chart's schema refuses who has set them; pure.

Called by `releases.loop`, for which the engine has listed what is refused.
Quotes no value: it may be secret.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from helmward.errors import HelmwardError, ValuesInvalid
from helmward.model import Violation
from helmward.values.merge import Path, shown

MAX_TOLD: Final = 10
"""Violations that are told; a status has to stay readable."""
MISSING: Final = "is missing"
NOBODY: Final = "no source sets it"
OWN: Final = "the chart's own default"
BEGINNING: Final = "the chart's schema refuses the values: "


def blamed(error: HelmwardError, origins: Mapping[Path, str]) -> HelmwardError:
    """Return an error that names who set what is refused; any other error as it is."""
    if not isinstance(error, ValuesInvalid) or not error.violations:
        return error
    told = ValuesInvalid(BEGINNING + blame(error.violations, origins))
    told.violations, told.revision, told.cause = error.violations, error.revision, error.cause
    return told


def blame(violations: Iterable[Violation], origins: Mapping[Path, str]) -> str:
    """Return each violation with who set the value: a field of the spec, the chart, nobody.

    `image.tag: must be a string, not a number (set by spec.values)`.
    """
    every = list(violations)
    words = [_told(one, origins) for one in every[:MAX_TOLD]]
    more = len(every) - len(words)
    return "; ".join([*words, f"and {more} more"] if more else words)


def _told(violation: Violation, origins: Mapping[Path, str]) -> str:
    path = _path(violation.path)
    place = f"{shown(path)}: " if path else ""
    chart = f"schema of the subchart {violation.chart}; " if violation.chart else ""
    return f"{place}{violation.problem} ({chart}{_whose(path, violation.problem, origins)})"


def _path(steps: Iterable[str]) -> Path:
    """Return a path as people write it; which digits are an item's number, nobody can tell."""
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def _whose(path: Path, problem: str, origins: Mapping[Path, str]) -> str:
    """Return who set a value, what is around it, or what is in it."""
    written = tuple(map(str, path))
    missing = problem.startswith(MISSING)
    if found := _around(written, origins):
        return f"{'removed' if missing else 'set'} by {found}"
    if missing:
        return NOBODY
    inside = {whose: None for place, whose in origins.items() if _starts(place, written)}
    return f"set by {', '.join(inside)}" if inside else OWN


def _around(written: tuple[str, ...], origins: Mapping[Path, str]) -> str:
    """Return who set the value itself, or the list or text that stands in its place."""
    for length in range(len(written), 0, -1):
        if whose := origins.get(written[:length]):
            return whose
    return ""


def _starts(place: Path, written: tuple[str, ...]) -> bool:
    return tuple(map(str, place[: len(written)])) == written
