"""Reads texts into mappings and back, and never says what was in them; pure.

Called by `compose`. Texts may be secret, so what is wrong is told by place and
kind alone. Whether it matters, `compose` knows.
"""

from typing import Any, Final

import msgspec

from helmward.errors import SpecInvalid
from helmward.values.merge import merge
from helmward.yamls import MAX_DEPTH, YamlError, documents

INLINE: Final = "spec.values"
_KINDS: Final = {list: "a list", str: "a text", bool: "true or false"}


class Unreadable(Exception):
    """The text is no mapping; the message quotes nothing of it."""


def read(content: bytes) -> dict[str, Any]:
    """Return the mapping that a text holds, as Helm reads it; none is an empty one.

    Several documents in one text lie over one another, the last on top.

    Raises:
        Unreadable: it is not YAML, or not a mapping.
    """
    values: dict[str, Any] = {}
    for value in _documents(content):
        if not isinstance(value, dict):
            kind = _KINDS.get(type(value), "a number")
            raise Unreadable(f"it is {kind}, values are a mapping: write `key: value`")
        values = merge(values, value)
    return values


def _documents(content: bytes) -> list[Any]:
    """Read the documents; the reader's own error, which may quote, ends here."""
    try:
        return [document.value for document in documents(content, strict=False)]
    except YamlError as error:
        said = f"line {error.line}, column {error.column}: {error.gist}"
    raise Unreadable(said)


def inline(document: bytes) -> dict[str, Any]:
    """Return the values that stand in the spec.

    Raises:
        SpecInvalid: they are no mapping, or nested too deep.
    """
    try:
        values = msgspec.json.decode(document)
    except RecursionError:
        raise SpecInvalid(_TOO_DEEP) from None
    except msgspec.DecodeError:
        raise SpecInvalid(f"{INLINE}: cannot be read as JSON") from None
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise SpecInvalid(f"{INLINE}: must be a mapping of keys to values")
    level: list[Any] = [values]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise SpecInvalid(_TOO_DEEP)
    return values


_TOO_DEEP: Final = f"{INLINE}: nested deeper than {MAX_DEPTH} levels: make it flatter"


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def canonical(values: dict[str, Any]) -> bytes:
    """Return JSON in which equal values are equal bytes."""
    return msgspec.json.encode(values, order="deterministic")
