"""Sets of paths into a document, as `fieldsV1` of managedFields writes them; pure.

`f:name` is a field, `k:{...}`, `v:...` and `i:...` are items of a list, `.` is
the thing itself; an empty mapping ends a path.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Fields = dict[str, Any]
ABSENT: Final = object()


def split(owned: Fields, value: Any) -> tuple[Fields, Fields]:
    """Divide paths into those that a document has, and the rest."""
    taken: Fields = {}
    rest: Fields = {}
    for key, below in owned.items():
        part = value if key == "." else inner(key, value)
        if part is ABSENT:
            rest[key] = below
        elif not below or not isinstance(part, dict | list):
            (taken if not below else rest)[key] = below
        else:
            had, left = split(below, part)
            taken |= {key: had} if had else {}
            rest |= {key: left} if left else {}
    return taken, rest


def union(one: Fields, other: Fields) -> Fields:
    """Return the paths of both."""
    both = dict(one)
    for key, below in other.items():
        both[key] = union(both[key], below) if key in both else below
    return both


def without(value: Any, gone: Fields, kept: Fields) -> Any:
    """Return a document without what is gone, unless it is kept as well."""
    parts = {key: inner(key, value) for key in gone if key != "."}
    left = {
        key: _left(key, part, gone[key], kept.get(key))
        for key, part in parts.items()
        if part is not ABSENT
    }
    if isinstance(value, dict):
        named = {key.removeprefix("f:"): part for key, part in left.items()}
        merged = value | named
        return {key: part for key, part in merged.items() if part is not ABSENT}
    if isinstance(value, list):
        moved = [(parts[key], part) for key, part in left.items()]
        after = [_moved(item, moved) for item in value]
        return [item for item in after if item is not ABSENT]
    return value


def _left(key: str, part: Any, gone: Fields, kept: Fields | None) -> Any:
    """Return what is left of a part of a document, ABSENT where all of it goes."""
    is_field = key.startswith("f:")
    if not gone and kept is None:
        return ABSENT
    if not is_field and "." in gone and "." not in (kept or {}):
        return ABSENT
    if not gone or not isinstance(part, dict | list):
        return part
    left = without(part, gone, kept or {})
    return ABSENT if not left and "." in gone and kept is None else left


def _moved(item: Any, moved: Iterable[tuple[Any, Any]]) -> Any:
    """Return what has become of an item of a list."""
    for before, after in moved:
        if item is before or (not isinstance(item, dict | list) and item == before):
            return after
    return item


def inner(key: str, value: Any) -> Any:
    """Return what a step of a path leads to in a document, or ABSENT."""
    kind, _, name = key.partition(":")
    if kind == "f":
        return value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
    if not isinstance(value, list):
        return ABSENT
    wanted = json.loads(name)
    if kind == "k":
        return next(_by_keys(wanted, value), ABSENT)
    if kind == "v":
        return wanted if wanted in value else ABSENT
    return value[wanted] if isinstance(wanted, int) and wanted < len(value) else ABSENT


def _by_keys(wanted: Mapping[str, Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items that have the keys, first those that say so in full.

    A key that an item leaves out was filled in by the API server.
    """
    found = [item for item in items if isinstance(item, dict)]
    yield from (item for item in found if wanted.items() <= item.items())
    for item in found:
        said = {key: item[key] for key in wanted if key in item}
        if said and said.items() <= wanted.items():
            yield item
