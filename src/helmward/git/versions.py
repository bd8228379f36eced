"""Chooses the newest tag in a range of semantic versions; pure.

Ranges are those of Helm and npm: `1.x`, `>=1.2 <2`, `^1.2.3`, `~1.2`, `1.2 - 1.4`,
alternatives with `||`. A `v` before a version does not count. As there, a
range that names no pre-release has none in it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from helmward.errors import ConfigInvalid

_NUMBER: Final = r"0|[1-9]\d*"
_VERSION: Final = re.compile(
    rf"v?(?P<major>{_NUMBER})(?:\.(?P<minor>{_NUMBER}))?(?:\.(?P<patch>{_NUMBER}))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_PART: Final = re.compile(
    rf"(?P<operator>>=|<=|!=|=|>|<|\^|~>|~)?\s*v?(?P<major>{_NUMBER}|[xX*])"
    rf"(?:\.(?P<minor>{_NUMBER}|[xX*]))?(?:\.(?P<patch>{_NUMBER}|[xX*]))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
PARTS: Final = 3
"""Numbers of a whole version."""
_HYPHEN: Final = re.compile(r"(\S+)\s+-\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; what stands behind a `+` does not count."""

    numbers: tuple[int, int, int]
    pre: str = ""

    @property
    def order(self) -> tuple[object, ...]:
        """What sorts as semver.org says: a pre-release comes before its release."""
        parts = tuple(
            (0, int(one), "") if one.isdigit() else (1, 0, one) for one in self.pre.split(".")
        )
        return (self.numbers, 0 if self.pre else 1, parts if self.pre else ())


@dataclass(frozen=True, slots=True)
class _Bounds:
    """From the first version to before the second; None is open."""

    least: Version | None
    below: Version | None
    inside: bool = True
    pre: bool = False
    """Whether pre-releases count."""

    def holds(self, version: Version) -> bool:
        if version.pre and not self.pre:
            return False
        within = (self.least is None or version.order >= self.least.order) and (
            self.below is None or version.order < self.below.order
        )
        return within is self.inside


def newest(names: Iterable[str], wanted: str) -> str | None:
    """Return the name with the newest version in a range; None where there is none.

    Raises:
        ConfigInvalid: it is no range.
    """
    ranges = [_all_of(part) for part in wanted.split("||")]
    found: tuple[Version, str] | None = None
    for name in names:
        version = read(name)
        if version is None or not any(all(b.holds(version) for b in one) for one in ranges):
            continue
        if found is None or version.order > found[0].order:
            found = (version, name)
    return found[1] if found else None


def read(name: str) -> Version | None:
    """Return the version that a tag names, None for other tags."""
    match = _VERSION.fullmatch(name)
    if match is None:
        return None
    numbers = tuple(int(match[part] or 0) for part in ("major", "minor", "patch"))
    return Version((numbers[0], numbers[1], numbers[2]), match["pre"] or "")


def _all_of(text: str) -> list[_Bounds]:
    spread = _HYPHEN.sub(r">=\1 <=\2", text).replace(",", " ")
    rest, bounds = spread.strip(), []
    if not rest:
        raise ConfigInvalid(f"{text!r} is no range of versions: write it as >=1.2 <2")
    while rest:
        match = _PART.match(rest)
        if match is None or (rest[match.end() :] and not rest[match.end()].isspace()):
            raise ConfigInvalid(f"{text.strip()!r} is no range of versions: write it as >=1.2 <2")
        bounds.append(_bounds(match))
        rest = rest[match.end() :].strip()
    return bounds


def _bounds(match: re.Match[str]) -> _Bounds:
    given = [match[part] for part in ("major", "minor", "patch")]
    exact = [int(one) for one in given if one and one not in "xX*"]
    known = len(exact) if all(one and one not in "xX*" for one in given[: len(exact)]) else 0
    low = Version(_three(exact[:known]), match["pre"] or "")
    end = _after(low) if known == PARTS else _next(exact[:known], known - 1)
    first = next((at for at, one in enumerate(exact[:known]) if one), max(0, known - 1))
    operator = match["operator"] or "="
    bounds: dict[str, tuple[Version | None, Version | None]] = {
        "=": (low, end),
        "!=": (low, end),
        ">": (end, None),
        ">=": (low, None),
        "<": (None, low),
        "<=": (None, end),
        "^": (low, _next(exact[:known], first)),
        "~": (low, _next(exact[:known], min(1, known - 1))),
        "~>": (low, _next(exact[:known], min(1, known - 1))),
    }
    least, below = bounds[operator] if known else (None, None)
    return _Bounds(least, below, inside=operator != "!=", pre=bool(match["pre"]))


def _three(numbers: list[int]) -> tuple[int, int, int]:
    filled = [*numbers, 0, 0, 0]
    return filled[0], filled[1], filled[2]


def _after(version: Version) -> Version:
    """Return what is the first above exactly this version."""
    if version.pre:
        return Version(version.numbers, f"{version.pre}.0")
    major, minor, patch = version.numbers
    return Version((major, minor, patch + 1), "0")


def _next(numbers: list[int], at: int) -> Version | None:
    """Return the first version with the next number at a place; None where all is open."""
    if at < 0 or not numbers:
        return None
    return Version(_three([*numbers[:at], numbers[at] + 1]), "0")
