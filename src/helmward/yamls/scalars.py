"""What a plain scalar means: the rules of the YAML reader inside kubectl.

Called by `read`. They are YAML 1.1's without its surprises: `yes` and `0777`
count as there, while dates and `22:22` stay text.
"""

import base64
import math
import re
import struct
from typing import Any, Final

_TAG: Final = "tag:yaml.org,2002:"

_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

_INTEGER: Final = re.compile(
    r"(?P<sign>[+-]?)"
    r"(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO](?P<oct>[0-7]+)|0[bB](?P<bin>[01]+)"
    r"|0(?P<old>[0-7]+)|(?P<dec>0|[1-9][0-9]*))",
    re.ASCII,
)
_BASES: Final = {"hex": 16, "oct": 8, "bin": 2, "old": 8, "dec": 10}
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_STRAY: Final = re.compile(r"(?<![0-9])_|_(?![0-9])", re.ASCII)
"""An underscore that is not between digits."""

_INT64: Final = 2**63
_UINT64: Final = 2**64
_DIGITS_OF_32_BITS: Final = 9
_MAX_WHOLE: Final = 1e21
"""From here on JSON writes a float with an exponent, so it is no integer any more."""


def resolve(text: str, tag: str) -> Any:
    """Return what an unquoted scalar stands for; `tag` is empty where none is written.

    Raises:
        ValueError: the tag does not fit, or JSON has no such value.
    """
    kind = tag.removeprefix(_TAG)
    if kind == "binary":
        return _binary(text)
    if kind not in ("", "bool", "int", "float", "null"):
        return text
    value = _finite(text, _plain(text))
    if kind and not _fits(kind, value):
        raise ValueError(f"{text!r} is no {kind}")
    return value


def key_text(value: Any, *, strict: bool) -> str:
    """Return the key as JSON will have it.

    Integers and booleans become text, as under kubectl. A float would lose
    digits on the way (`1.10` becomes `1.1`), so the strict refuse it. Integers
    of more than 63 bits are refused as there.

    Raises:
        ValueError: it cannot be a key.
    """
    if isinstance(value, float) and not strict:
        return _single(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) or (isinstance(value, int) and -_INT64 <= value < _INT64):
        return str(value)
    raise ValueError(f"the key {value!r} is no text: put it into quotes")


def _single(value: float) -> str:
    """Return the shortest digits that stand for the number in 32 bits, as Go writes float keys."""
    texts = (f"{value:.{digits}g}" for digits in range(1, _DIGITS_OF_32_BITS))
    same = (text for text in texts if _in_32_bits(float(text)) == _in_32_bits(value))
    return next(same, f"{value:.{_DIGITS_OF_32_BITS}g}")


def _in_32_bits(value: float) -> bytes | None:
    try:
        return struct.pack("f", value)
    except OverflowError:
        return None


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        return text if _STRAY.search(text) else _number(text)
    if text[0] in "+-0123456789":
        return _number(text)
    return text


def _number(text: str) -> Any:
    digits = text.replace("_", "")
    value = _integer(digits)
    if value is not None:
        return value
    number = _float(digits)
    return text if number is digits else number


def _integer(digits: str) -> int | None:
    """Return the integer if it fits into 64 bits; a plus sign has room for 63."""
    found = _INTEGER.fullmatch(digits)
    if not found:
        return None
    base = next(name for name in _BASES if found[name] is not None)
    if len(found[base]) > 64:  # noqa: PLR2004 - not even binary digits fit into 64 bits
        return None
    value = int(found["sign"] + found[base], _BASES[base])
    ceiling = _INT64 if found["sign"] else _UINT64
    return value if -_INT64 <= value < ceiling else None


def _float(text: str) -> Any:
    """Return the number, as an integer where JSON would show one; else the text itself."""
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text)
    if math.isinf(number):
        return text
    if number.is_integer() and abs(number) < _MAX_WHOLE:
        return int(number)
    return number


def _finite(text: str, value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"JSON has no {text}: put it into quotes")
    return value


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "null":
            return value is None
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError as error:
        raise ValueError("!!binary holds no base64 of UTF-8 text") from error
