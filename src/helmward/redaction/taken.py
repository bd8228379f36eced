"""Which strings of a Secret are secret: its leaves; of what cannot be read, its tokens.

Called by who reads Secrets. How short a string may be, `forms` says.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from helmward.redaction.forms import MIN_LENGTH

LONG_TOKEN: Final = 6
"""Of a text that cannot be read, shorter words count as part of their line alone."""
_TOKEN: Final = re.compile(rf"[^\s:=,;\"'{{}}\[\]]{{{LONG_TOKEN},}}")
_AFTER_NAME: Final = re.compile(r"[:=]\s*(.+)")
_QUOTES: Final = "\"' \t"


def secrets_of(value: Any) -> frozenset[str]:
    """Return the texts of all leaves of a document, numbers in every way they are printed.

    Keys, `true`, `false` and `null` tell nothing.
    """
    return frozenset(text for leaf in _leaves(value) for text in _texts(leaf))


def secrets_of_text(text: str) -> frozenset[str]:
    """Return what may be secret in a text without structure: lines, values, long words."""
    lines = [line.strip() for line in text.splitlines()]
    values = [found[1].strip(_QUOTES) for line in lines if (found := _AFTER_NAME.search(line))]
    return frozenset(filter(None, [*lines, *values, *_TOKEN.findall(text)]))


def _leaves(value: Any) -> Iterator[Any]:
    ahead = [value]
    while ahead:
        match ahead.pop():
            case dict() as mapping:
                ahead.extend(mapping.values())
            case list() as items:
                ahead.extend(items)
            case leaf:
                yield leaf


def _texts(leaf: Any) -> Iterator[str]:
    if isinstance(leaf, str) and leaf:
        yield leaf
    elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
        yield from _numbers(leaf)


def _numbers(value: float) -> Iterator[str]:
    """Yield the number as written, without an exponent, and with one, as Go prints floats."""
    text = str(value)
    if len(text) < MIN_LENGTH:
        return
    yield text
    yield format(Decimal(text), "f")
    digits = Decimal(repr(float(value))).normalize().as_tuple().digits
    yield f"{value:.{len(digits) - 1}e}"
