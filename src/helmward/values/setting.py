"""Sets one value at a path, as `helm --set` and `--set-literal` do; pure.

Called by `compose` for sources with a `targetPath`. The path comes from the
spec and may be quoted; the value may be secret and never is.

Source: the notation of Helm's strvals, of which one path and one value are taken.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from helmward.values.merge import Path, shown

MAX_INDEX: Final = 65_536
MAX_KEYS: Final = 30
"""Keys that lie in one another; more are refused, as Helm does."""
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_INT64: Final = 2**63
_WORDS: Final = {"true": True, "false": False, "null": None, "0": 0}
_INDEX: Final = re.compile(r"\[([0-9]+)\]")
_KINDS: Final = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false"}


class NotSet(Exception):
    """It cannot be set; the message says why and quotes nothing but the path."""


def path_of(text: str, *, literal: bool = False) -> Path:
    r"""Return the steps of a path such as `image.tag`, `env[0].value` or `labels.a\.b`.

    A backslash takes the meaning from what follows; not where a value is set
    literally, as in `--set-literal`.

    Raises:
        NotSet: it is none; the message says what is wrong.
    """
    steps: list[str | int] = []
    rest = text
    while rest or not steps:
        key, rest = _key(rest, literal=literal)
        if not key:
            raise NotSet("a key is empty: write keys with dots between them, as image.tag")
        steps.append(key)
        while rest.startswith("["):
            index, rest = _index(rest)
            steps.append(index)
        rest = _after(rest)
    if sum(isinstance(step, str) for step in steps) > MAX_KEYS + 1:
        raise NotSet(f"more than {MAX_KEYS} keys lie in one another")
    return tuple(steps)


def _key(text: str, *, literal: bool) -> tuple[str, str]:
    """Return the key that a text begins with, and what follows it."""
    key, escaped = "", False
    for place, character in enumerate(text):
        if escaped:
            key, escaped = key + character, False
        elif character == "\\" and not literal:
            escaped = True
        elif character in ".[":
            return key, text[place:]
        elif character == "=" or (character == "," and not literal):
            raise NotSet(f'"{character}" in a key needs a backslash before it')
        else:
            key += character
    if escaped:
        raise NotSet("ends with a backslash, after which something has to follow")
    return key, ""


def _index(text: str) -> tuple[int, str]:
    found = _INDEX.match(text)
    if not found:
        raise NotSet("between [ and ] stands the number of an item, counted from 0")
    index = int(found[1]) if len(found[1]) <= len(str(MAX_INDEX)) else MAX_INDEX + 1
    if index > MAX_INDEX:
        raise NotSet(f"an index is larger than {MAX_INDEX}")
    return index, text[found.end() :]


def _after(text: str) -> str:
    """Return what follows the dot, which has to be something."""
    if not text:
        return ""
    if not text.startswith("."):
        raise NotSet("after ] comes a dot, another [ or nothing")
    if text == ".":
        raise NotSet("ends with a dot, after which a key has to follow")
    return text[1:]


def value_of(text: str) -> Any:
    """Return what a text means as a value of `--set`: a list in braces, or one item.

    Raises:
        NotSet: it would set more than this one value, or is half a list.
    """
    if not text.startswith("{"):
        items, rest = _items(text, "")
        if len(items) > 1:
            raise NotSet(_COMMA)
        return items[0]
    items, rest = _items(text[1:], "}")
    if rest is None:
        raise NotSet("it begins a list with { and does not end it with }: set literal: true")
    if rest:
        raise NotSet("something follows the } of a list: set literal: true to take it as a text")
    return items


_COMMA: Final = (
    "a comma would begin another setting: put a backslash before it, or set literal: true"
)


def _items(text: str, end: str) -> tuple[list[Any], str | None]:
    """Return the items between commas, and what follows their end; None where it is missing."""
    items: list[Any] = []
    item, escaped = "", False
    for place, character in enumerate(text):
        if escaped:
            item, escaped = item + character, False
        elif character == "\\":
            escaped = True
        elif character == end:
            return [*items, _typed(item)], text[place + 1 :]
        elif character == ",":
            items.append(_typed(item))
            item = ""
        else:
            item += character
    return [*items, _typed(item)], None


def _typed(text: str) -> Any:
    """Read a number as Helm does: whole, of 64 bits, with no zero before it."""
    word = text.casefold()
    if word in _WORDS:
        return _WORDS[word]
    if text.startswith("0") or not _WHOLE.fullmatch(text) or len(text) > len(str(-_INT64)):
        return text
    number = int(text)
    return number if -_INT64 <= number < _INT64 else text


def overlay(values: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return the mapping that, merged over `values`, sets a value at a path.

    Of a list that the path leads through it holds the whole, with the item
    set; items that are missing before it are null.

    Raises:
        NotSet: the path leads through something that has neither keys nor items.
    """
    key = str(path[0])
    return {key: _within(values.get(key), path, 1, value)}


def _within(found: Any, path: Path, at: int, value: Any, *, listed: bool = False) -> Any:
    """Return what is to stand at `path[:at]`: a part outside of lists, inside the whole."""
    if at == len(path):
        return value
    step = path[at]
    if isinstance(step, int):
        items = [] if found is None else _fitting(found, list, path[:at])
        inner = _item(items, path, at)
        whole = [*items, *[None] * (step + 1 - len(items))]
        whole[step] = _within(inner, path, at + 1, value, listed=True)
        return whole
    below = {} if found is None else _fitting(found, dict, path[:at])
    return {
        **(below if listed else {}),
        step: _within(below.get(step), path, at + 1, value, listed=listed),
    }


def _item(items: Sequence[Any], path: Path, at: int) -> Any:
    """Return the item that a path leads into; one without keys gives way to one with."""
    step = path[at]
    found = items[step] if isinstance(step, int) and step < len(items) else None
    keys_follow = at + 1 < len(path) and isinstance(path[at + 1], str)
    return None if keys_follow and not isinstance(found, dict) else found


def _fitting(found: Any, kind: type, at: Path) -> Any:
    if isinstance(found, kind):
        return found
    said = _KINDS.get(type(found), "a number")
    raise NotSet(f"{shown(at)} is {said} of another source, not {_KINDS[kind]}")
