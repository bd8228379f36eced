"""Lays one document over another, as Helm lays `-f` files; pure.

Called by `compose`. Documents are never changed: their parts may be shared.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: the keys from the top, and numbers inside lists."""

_WORD: Final = re.compile(r"[A-Za-z0-9_/-]+")


def merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Return `high` over `low`: two mappings merge key by key, all else is replaced.

    Lists are replaced whole. `null` is a value like any other, by which Helm
    removes a default of the chart.
    """
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def stamped(value: Any, mark: str) -> Any:
    """Return mappings as they are, and the mark in place of all else: merged, they tell whose."""
    if isinstance(value, dict):
        return {key: stamped(inner, mark) for key, inner in value.items()}
    return mark


def leaves(document: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield what is no mapping, with its place; lists count as one."""
    if not isinstance(document, dict):
        yield at, document
        return
    for key, value in document.items():
        yield from leaves(value, (*at, key))


def shown(path: Path) -> str:
    """Write a path as people do: `image.tag`, `env[0].name`, `labels."a.b/c"`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        word = step if _WORD.fullmatch(step) else json.dumps(step, ensure_ascii=False)
        text += f".{word}" if text else word
    return text
