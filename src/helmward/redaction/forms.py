"""How one secret may be written in a message: quoted, escaped, encoded, line by line.

Called by `redactor`. Whoever adds a way of writing adds it here and has it
masked everywhere.
"""

import base64
import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

MIN_LENGTH: Final = 4
"""Shorter strings are not masked: they would strike out parts of ordinary words."""
TRIVIAL: Final = frozenset({"true", "false", "none", "null", "yes", "no", "on", "off"})
"""Words that tell nothing, in any case of letters: not masked either."""
MIN_INSIDE: Final = 8
"""Bytes from which on a secret is also found inside a longer base64 text."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]+")
"""What no way of quoting changes."""
_BARE: Final = re.compile(r"(?:[!#-%(-;=?-\[\]-~]| (?! ))+")
"""What no quotation marks change: ASCII without quotes, backslashes and <>&."""
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_CAPITALS: Final = re.compile(r"%(?:[A-F][0-9A-F]|[0-9][A-F])")
_STD_TO_URL: Final = str.maketrans("+/", "-_")


def is_masked(text: str) -> bool:
    """Tell whether a string from a Secret is masked at all."""
    bare = text.strip()
    return len(bare) >= MIN_LENGTH and bare.casefold() not in TRIVIAL


def forms(secret: str) -> frozenset[str]:
    """Return every text that gives the secret away; none where it is too short or trivial."""
    if not is_masked(secret):
        return frozenset()
    bare = secret.strip()
    found = _written(bare) | _encoded(bare)
    if bare != secret:
        found |= _encoded(secret)
    # Who puts a message into one line may make one space of many.
    spaced = " ".join(bare.split())
    if spaced != bare and is_masked(spaced):
        found |= _written(spaced)
    for line in bare.splitlines():
        if is_masked(line):
            found |= _written(line.strip())
    return frozenset(found)


def _written(text: str) -> set[str]:
    if _PLAIN.fullmatch(text):
        return {text}
    addresses = {write(text) for write in _IN_URLS}
    addresses |= {_CAPITALS.sub(_lower, address) for address in addresses}
    if _BARE.fullmatch(text):
        return {text, *addresses}
    quoted = {write(text) for write in _IN_QUOTES}
    # An error quotes a document that quotes the value.
    nested = {outer(inner(text)) for outer in _AROUND for inner in _AROUND}
    return {text, *addresses, *quoted, *nested}


def _lower(code: re.Match[str]) -> str:
    return code.group().lower()


def _encoded(text: str) -> set[str]:
    """Return the text in base64, and what is always the same of it inside a longer one."""
    content = text.encode("utf-8", "surrogatepass")
    whole = base64.b64encode(content).decode()
    found = {whole, whole.rstrip("=")}
    if len(content) >= MIN_INSIDE:
        found |= {_inside(content, before) for before in range(3)}
    return found | {one.translate(_STD_TO_URL) for one in found}


def _inside(content: bytes, before: int) -> str:
    """Cut the characters off that hold bits of what stands before and after."""
    encoded = base64.b64encode(bytes(before) + content).decode()
    return encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]


def _url(safe: str) -> Callable[[str], str]:
    return lambda text: quote(text, safe=safe, errors="replace")


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_in_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_for_html(text: str) -> str:
    """Go's own way: safe inside a page."""
    escaped = _json(text)
    for character in "<>&\u2028\u2029":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    return escaped


def _yaml_single(text: str) -> str:
    return text.replace("'", "''")


_YAML_NAMES: Final = dict(
    zip(
        '\0\a\b\t\n\v\f\r\x1b\\"\x85\xa0\u2028\u2029',
        map("\\".__add__, '0abtnvfre\\"N_LP'),
        strict=True,
    )
)
_YAML_SPECIAL: Final = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe-\U0010ffff]')


def _yaml_double(text: str) -> str:
    return _YAML_SPECIAL.sub(_yaml_escape, text)


def _yaml_double_in_ascii(text: str) -> str:
    return _NOT_ASCII.sub(_yaml_escape, _yaml_double(text))


def _yaml_escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if found.group() in _YAML_NAMES:
        return _YAML_NAMES[found.group()]
    if code <= 0xFF:  # noqa: PLR2004 - 8 bits
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"  # noqa: PLR2004 - 16 bits


_GO_NAMES: Final = dict(zip('\a\b\f\n\r\t\v\\"', map("\\".__add__, 'abfnrtv\\"'), strict=True))
_GO_SPECIAL: Final = re.compile(r'["\\]|[^ -~]')


def _go(text: str) -> str:
    """Write as `%q` does in Go."""
    return _GO_SPECIAL.sub(_go_escape, text)


def _go_escape(found: re.Match[str]) -> str:
    character = found.group()
    if character in _GO_NAMES or character.isprintable():
        return _GO_NAMES.get(character, character)
    code = ord(character)
    if code < 0x80:  # noqa: PLR2004 - the end of ASCII
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - 16 bits


def _python(text: str) -> str:
    return repr(text)[1:-1]


def _on_one_line(text: str) -> str:
    """Write as messages are when their white space is tidied up."""
    return " ".join(text.split())


_IN_URLS: Final[tuple[Callable[[str], str], ...]] = (
    _url(""),
    _url("/"),
    _url("$&+=:@"),  # Go, in paths
    _url("$&+,;="),  # Go, in user and password
    _url("!'()*"),  # browsers
    lambda text: quote_plus(text, errors="replace"),
)
_IN_QUOTES: Final = (
    _json,
    _json_in_ascii,
    _json_for_html,
    _yaml_single,
    _yaml_double,
    _yaml_double_in_ascii,
    _go,
    _python,
    _on_one_line,
)
_AROUND: Final = (_json, _json_for_html, _go)
