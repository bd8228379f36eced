"""Every field of the file by its path, read off the models.

Called by `reading`, for what may stand at a place, and by the reference page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from msgspec import inspect

from helmward.cli.sync_config.fields import SyncConfig

KINDS: Final[dict[type, str]] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.DictType: "mapping of texts",
    inspect.LiteralType: "text",
}


@dataclass(frozen=True, slots=True)
class Described:
    """One field."""

    path: str
    """As `repositories[].paths[].build`."""
    kind: str
    words: str
    required: bool = False
    values: tuple[str, ...] = ()
    """What it may say, where that is a choice."""


@cache
def described() -> tuple[Described, ...]:
    """Return all fields, what is inside a field after it."""
    info = inspect.type_info(SyncConfig)
    assert isinstance(info, inspect.StructType)  # noqa: S101  # what it is declared as
    return tuple(_fields(info, ""))


def fields_of(path: str) -> list[str]:
    """Return the names of the fields that may stand in the mapping at a path."""
    above = f"{path}." if path else ""
    inner = (one.path.removeprefix(above) for one in described() if one.path.startswith(above))
    return list(dict.fromkeys(name for name in inner if name and "." not in name))


def _fields(struct: inspect.StructType, above: str) -> Iterator[Described]:
    for field in struct.fields:
        path = f"{above}{field.encode_name}"
        one, inner = _described(field.type, Described(path, "", "", required=field.required))
        words = one.words or (inner.cls.__doc__ or "" if inner else "")
        yield replace(one, path=path, words=words.strip())
        if inner is not None:
            yield from _fields(inner, f"{one.path}.")


def _described(kind: inspect.Type, so_far: Described) -> tuple[Described, Any]:
    """Follow a type to what it is in the end; with it comes the mapping that it is, if any."""
    if isinstance(kind, inspect.Metadata):
        words = (kind.extra_json_schema or {}).get("description", "")
        return _described(kind.type, replace(so_far, words=words or so_far.words))
    if isinstance(kind, inspect.UnionType):
        (given,) = (one for one in kind.types if not isinstance(one, inspect.NoneType))
        return _described(given, so_far)
    if isinstance(kind, inspect.VarTupleType):
        one, inner = _described(kind.item_type, replace(so_far, path=f"{so_far.path}[]"))
        return replace(one, kind=f"list of {one.kind}s"), inner
    if isinstance(kind, inspect.StructType):
        return replace(so_far, kind="mapping"), kind
    values = kind.values if isinstance(kind, inspect.LiteralType) else ()
    return replace(so_far, kind=KINDS[type(kind)], values=tuple(map(str, values))), None
