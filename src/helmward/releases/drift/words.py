"""How drift reads: which object, which fields, by whom and when; never too long. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from helmward.model import Author, Divergence, FieldChange
from helmward.releases.drift.fights import Bout

OBJECTS: Final = 3
FIELDS: Final = 5
"""How many of each are told one by one."""
LONGEST: Final = 960
"""Of a whole list: an event and a condition have room for some words more."""
PATH: Final = 120
"""Of one field's path."""


def listed(found: Iterable[Divergence]) -> str:
    """Say what differs of several objects."""
    return _several([said(one) for one in sorted(found, key=lambda one: one.object)])


def said(found: Divergence) -> str:
    """Say what differs of one object: `ConfigMap shop/web: deleted`."""
    what = "deleted" if found.gone else _fields(found.changes)
    told = ", ".join(filter(None, (what, found.problem)))
    return f"{found.object}: {told}"


def fought(bouts: Iterable[Bout]) -> str:
    """Say what was put right and changed again and again, by whom, and when its turn is next."""
    return _several([_bout(one) for one in sorted(bouts, key=lambda one: one.last.object)])


def joined(*parts: str) -> str:
    """Return what is to be told together, no longer than there is room for."""
    return _cut("; ".join(filter(None, parts)), LONGEST)


def _several(every: Sequence[str]) -> str:
    more = f"; and {len(every) - OBJECTS} more" if len(every) > OBJECTS else ""
    return _cut("; ".join(every[:OBJECTS]), LONGEST - len(more)) + more


def _bout(one: Bout) -> str:
    when = f", next at {one.until:%H:%M:%SZ}" if one.until else ""
    return f"{said(one.last)} (put right again and again, and undone each time{when})"


def _fields(changes: Sequence[FieldChange]) -> str:
    told = [
        ", ".join(map(_change, group)) + _by(author)
        for author, group in groupby(changes[:FIELDS], key=lambda one: one.author)
    ]
    more = f" and {len(changes) - FIELDS} more" if len(changes) > FIELDS else ""
    return ", ".join(told) + more


def _change(one: FieldChange) -> str:
    path = _cut(one.path, PATH)
    if not one.live:
        return f"{path} {one.desired} removed"
    return f"{path} {one.desired} -> {one.live}" if one.desired else f"{path} {one.live} added"


def _by(author: Author | None) -> str:
    if author is None:
        return ""
    how = ", subresource ".join(filter(None, (author.operation, author.subresource)))
    when = f" at {author.at:%H:%M:%SZ}" if author.at else ""
    return f" by {author.manager} ({how}){when}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
