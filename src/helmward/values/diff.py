"""What differs between two compositions, one line a change, nothing secret in it; pure.

Called for `--log-release-diffs`.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec

from helmward.redaction import MASK, Redactor
from helmward.values.merge import Path, shown

MAX_LINES: Final = 50
MAX_VALUE: Final = 80
"""Characters of one value; of a path twice as many."""
ABSENT: Final = "(unset)"

_Nothing: Final = object()


def diff(
    before: bytes, after: bytes, redactor: Redactor, hidden: Collection[Path] = frozenset()
) -> str:
    """Return the changes from one JSON object to another: `service.port: 80 -> 81`.

    What is known to be secret is masked; at the places in `hidden`, and below
    them, everything. Lists are compared place by place. Empty if nothing changed.
    """
    lines: list[str] = []
    more = 0
    private = _Private(hidden)
    for path, was, now in _changes((), msgspec.json.decode(before), msgspec.json.decode(after)):
        if len(lines) == MAX_LINES:
            more += 1
            continue
        words = (_word(value, redactor, secret=path in private) for value in (was, now))
        lines.append(f"{_cut(redactor.mask(shown(path)), 2 * MAX_VALUE)}: {' -> '.join(words)}")
    return "\n".join([*lines, f"and {more} more"] if more else lines)


class _Private:
    """Places of which nothing is shown: those hidden, what is in them, what they are in."""

    def __init__(self, hidden: Collection[Path]) -> None:
        self._hidden = frozenset(hidden)
        self._around = {path[:length] for path in hidden for length in range(len(path))}

    def __contains__(self, path: Path) -> bool:
        above = (path[:length] for length in range(len(path) + 1))
        return path in self._around or not self._hidden.isdisjoint(above)


def _changes(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Yield each place that changed; what comes or goes whole, leaf by leaf."""
    was, now = _inside(old), _inside(new)
    if not (was or now) or not _alike(old, new):
        if not _same(old, new):
            yield path, old, new
        return
    for step in sorted({**was, **now}, key=_order):
        yield from _changes((*path, step), was.get(step, _Nothing), now.get(step, _Nothing))


def _inside(value: Any) -> dict[str | int, Any]:
    if isinstance(value, dict):
        return dict(value)
    return dict(enumerate(value)) if isinstance(value, list) else {}


def _alike(old: Any, new: Any) -> bool:
    """Tell whether both are mappings or both lists; nothing is like anything."""
    return len({type(value) for value in (old, new) if value is not _Nothing}) == 1


def _same(old: Any, new: Any) -> bool:
    """Compare as JSON does: `true` is not 1, but 1.0 is."""
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _order(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (0, step)


def _word(value: Any, redactor: Redactor, *, secret: bool) -> str:
    if value is _Nothing:
        return ABSENT
    if secret:
        return MASK
    return _cut(redactor.mask(json.dumps(value, ensure_ascii=False)), MAX_VALUE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
