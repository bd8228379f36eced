"""What nobody may read of a file that was opened; pure.

Of a file that SOPS has encrypted, it is what SOPS thought worth it; of one that
is hidden as a whole, the data of Secrets. Names of objects are no secrets, for
the cluster tells them.
"""

import base64
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from helmward.redaction import secrets_of, secrets_of_text
from helmward.yamls import YamlError, documents

_SEALED: Final = "ENC["
_PUBLIC: Final = frozenset({"apiVersion", "kind", "metadata"})


def secrets_in(content: bytes, sealed: bytes, form: str) -> frozenset[str]:
    """Return what is to be kept out of everything that people read."""
    if form in {"dotenv", "ini", "binary"}:
        return secrets_of_text(content.decode(errors="replace"))
    opened, closed = _objects(content), _objects(sealed) if form != "pgp" else []
    pairs = zip_longest(opened, closed)
    leaves = (leaf for one, before in pairs for leaf in _secret(one, before, form))
    return frozenset(text for leaf in leaves for text in _texts(leaf))


def _secret(opened: Any, closed: Any, form: str) -> Iterator[Any]:
    if not isinstance(opened, dict):
        return
    if form == "pgp":
        if opened.get("kind") == "Secret":
            yield from _leaves((opened.get("data"), opened.get("stringData")), None, every=True)
        return
    for key, value in opened.items():
        if key not in _PUBLIC and isinstance(closed, dict):
            yield from _leaves(value, closed.get(key), every=False)


def _leaves(opened: Any, closed: Any, *, every: bool) -> Iterator[Any]:
    """Yield leaves that were encrypted, or all of them."""
    match opened:
        case dict():
            for key, value in opened.items():
                below = closed.get(key) if isinstance(closed, dict) else None
                yield from _leaves(value, below, every=every)
        case list() | tuple():
            for number, value in enumerate(opened):
                inside = isinstance(closed, list) and number < len(closed)
                yield from _leaves(value, closed[number] if inside else None, every=every)
        case _:
            if every or (isinstance(closed, str) and closed.startswith(_SEALED)):
                yield opened


def _texts(leaf: Any) -> Iterator[str]:
    """Yield how a leaf may be written, also what it encodes."""
    yield from secrets_of(leaf)
    if isinstance(leaf, str):
        try:
            yield base64.b64decode(leaf, validate=True).decode()
        except ValueError:
            return


def _objects(content: bytes) -> list[Any]:
    try:
        return [one.value for one in documents(content, strict=False)]
    except YamlError:
        return []
