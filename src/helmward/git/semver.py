"""Versions as tags bear them, and ranges of these as Helm and Flux read them; pure.

A version is whole (`1.2.3`, `v1.2.3-rc.1`), or the tag is none. Pre-releases
are in a range only if it names one itself.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_NUMBER: Final = r"(?:0|[1-9]\d{0,17})"
_TAIL: Final = r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
_VERSION: Final = re.compile(rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER}){_TAIL}")
_PART: Final = r"(?:\d{1,18}|[xX*])"
_TERM: Final = re.compile(
    rf"\s*(?P<op>=|!=|>=|=>|<=|=<|>|<|~>?|\^)?\s*"
    rf"v?(?P<parts>{_PART}(?:\.{_PART}){{0,2}}){_TAIL}\s*(?:,|(?=\s)|$)"
)
_HYPHEN: Final = re.compile(r"(\S+)\s+-\s+(\S+)")

_Key = tuple[float, float, float, tuple[object, ...]]
_FIRST: Final = (0,)
"""Before every pre-release of a version."""
_RELEASE: Final = (1,)
_JUST: Final = (-1,)
"""Behind a version: the very next thing after it."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """What a tag's name says, in the order of versions."""

    key: _Key
    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class _Term:
    """From where, and up to where, not with it."""

    low: _Key
    high: _Key
    outside: bool = False

    def holds(self, key: _Key) -> bool:
        return (self.low <= key < self.high) != self.outside


@dataclass(frozen=True, slots=True)
class _All:
    """Terms all of which hold."""

    terms: tuple[_Term, ...]
    prereleases: bool

    def holds(self, version: Version) -> bool:
        if version.prerelease and not self.prereleases:
            return False
        return all(term.holds(version.key) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Range:
    """Which versions count."""

    any_of: tuple[_All, ...]

    def __contains__(self, name: str) -> bool:
        """Tell whether a name is a version that counts."""
        version = parse_version(name)
        return version is not None and any(one.holds(version) for one in self.any_of)

    def newest(self, names: Iterable[str]) -> str:
        """Return the name with the newest version of the range; empty where none has one."""
        return next((name for name in newest_first(names) if name in self), "")


_ALL: Final = _Term((0, 0, 0, _FIRST), (math.inf, 0, 0, _FIRST))


def parse_version(name: str) -> Version | None:
    """Return the version that a name is; None where it is none."""
    found = _VERSION.fullmatch(name)
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    return Version((int(major), int(minor), int(patch), _pre(pre)), bool(pre))


def newest_first(names: Iterable[str]) -> list[str]:
    """Return the names that are versions, the newest first."""
    versions = [(version, name) for name in names if (version := parse_version(name))]
    return [name for _, name in sorted(versions, reverse=True)]


def parse_range(text: str) -> Range:
    """Read a range: `1.x`, `~1.2`, `^1.2.3`, `>=1.2 <2`, `1.2 - 1.4`, with `||` between.

    Raises:
        ValueError: it is none.
    """
    return Range(tuple(_group(part) for part in text.split("||")))


def _group(text: str) -> _All:
    text, at = _HYPHEN.sub(r">=\1 <=\2", text.strip()), 0
    terms, prereleases = [], False
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None:
            raise ValueError(text)
        prereleases |= bool(found["pre"])
        terms.append(_term(found["op"] or "=", found["parts"], found["pre"]))
        at = found.end()
    if not terms:
        raise ValueError(text)
    return _All(tuple(terms), prereleases)


def _term(op: str, text: str, pre: str | None) -> _Term:
    parts: list[int] = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        parts.append(int(part))
    low: _Key = (*_padded(parts), _pre(pre))
    if not parts:
        return _ALL
    after, start, end = _after(parts, low), _ALL.low, _ALL.high
    spans = {
        ">": (after, end),
        ">=": (low, end),
        "=>": (low, end),
        "<": (start, low),
        "<=": (start, after),
        "=<": (start, after),
        "~": (low, _next(parts[:2])),
        "~>": (low, _next(parts[:2])),
        "^": (low, _next(_significant(parts))),
    }
    return _Term(*spans.get(op, (low, after)), outside=op == "!=")


def _padded(parts: list[int]) -> tuple[int, int, int]:
    major, minor, patch = [*parts, 0, 0, 0][:3]
    return major, minor, patch


def _after(parts: list[int], low: _Key) -> _Key:
    """Return what comes after all that the term names: a version, or all that begin so."""
    if len(parts) < 3:  # noqa: PLR2004 - major, minor, patch
        return _next(parts)
    return (*low[:3], (*low[3], _JUST))


def _next(parts: list[int]) -> _Key:
    return (*_padded([*parts[:-1], parts[-1] + 1]), _FIRST)


def _significant(parts: list[int]) -> list[int]:
    """Return the parts up to the first that is not 0: what comes after may change."""
    for length, part in enumerate(parts, 1):
        if part:
            return parts[:length]
    return parts


def _pre(text: str | None) -> tuple[object, ...]:
    if not text:
        return _RELEASE
    return (0, *((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in text.split(".")))
