"""Replaces `${name}` in a text, as Flux 2 does after a build; pure.

Nothing of a value is ever in an error, names alone are.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

MAX_TEXT: Final = 4 * 1024 * 1024
"""Characters that one text may grow to."""
MAX_DEPTH: Final = 20
"""Defaults in defaults."""

_START: Final = re.compile(r"\$?\$\{")
_BRACE: Final = re.compile(r"\$\{|\}")
_NAME: Final = re.compile(r"(?P<length>#?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
_DEFAULT: Final = re.compile(r"(?P<unless_empty>:?)(?P<how>[-=+])(?P<word>.*)", re.DOTALL)
_PART: Final = re.compile(r":(?P<start>[0-9]{1,9})(?::(?P<length>[0-9]{1,9}))?")
_CUT: Final = re.compile(r"(?P<end>##?|%%?)(?P<text>.+)", re.DOTALL)
_REPLACE: Final = re.compile(r"/(?P<where>[/#%]?)(?P<old>[^/]+)(?:/(?P<new>.*))?", re.DOTALL)
_CASES: Final[Mapping[str, Callable[[str], str]]] = {
    "^^": str.upper,
    ",,": str.lower,
    "^": lambda value: value[:1].upper() + value[1:],
    ",": lambda value: value[:1].lower() + value[1:],
}
_FORMS: Final = (
    "${name}, ${name:-default}, ${name:=default}, ${name:+other}, ${name:start:length}, "
    "${name/old/new}, ${name//old/new}, ${name#start}, ${name%end}, ${name^^}, ${name,,} "
    "or ${#name}; $${ keeps it as it is"
)


class ExpressionError(Exception):
    """A text that cannot be filled; the message goes on from its place."""


class Expressions:
    """Fills texts from variables, and notes which were asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.used: set[str] = set()

    def fill(self, text: str, depth: int = 0) -> str:
        """Return the text with every `${...}` replaced; `$${` becomes `${`.

        Raises:
            ExpressionError: a variable is not set and has no default, or what
                stands between the braces means nothing.
        """
        if depth > MAX_DEPTH:
            raise ExpressionError(f"defaults are nested deeper than {MAX_DEPTH} levels")
        pieces: list[str] = []
        at = total = 0
        while found := _START.search(text, at):
            pieces.append(text[at : found.start()])
            at = found.end()
            if found[0] == "$${":
                pieces.append("${")
                continue
            end = _end(text, at)
            pieces.append(self._value(text[at:end], depth))
            at = end + 1
            total += len(pieces[-1])
            _bounded(total)
        return "".join([*pieces, text[at:]])

    def _value(self, expression: str, depth: int) -> str:
        found = _NAME.match(expression)
        if found is None:
            raise _meaningless(expression)
        name, rest = found["name"], expression[found.end() :]
        if chosen := _DEFAULT.fullmatch(rest):
            return self._chosen(name, chosen, depth)
        value = self._required(name)
        if found["length"]:
            if rest:
                raise _meaningless(expression)
            return str(len(value))
        return self._changed(value, rest, expression, depth)

    def _chosen(self, name: str, found: re.Match[str], depth: int) -> str:
        """Return the value, or the word beside it, by whether there is a value."""
        self.used.add(name)
        value = self._variables.get(name)
        there = bool(value) if found["unless_empty"] else value is not None
        if found["how"] == "+":
            return self.fill(found["word"], depth + 1) if there else ""
        return value if there and value is not None else self.fill(found["word"], depth + 1)

    def _required(self, name: str) -> str:
        self.used.add(name)
        if name not in self._variables:
            raise ExpressionError(
                f"${{{name}}} is not set and has no default: give the path this variable, or "
                f"write $${{{name}}} where the text is meant"
            )
        return self._variables[name]

    def _changed(self, value: str, how: str, expression: str, depth: int) -> str:
        if not how:
            return value
        if how in _CASES:
            return _CASES[how](value)
        if part := _PART.fullmatch(how):
            start, length = int(part["start"]), part["length"]
            return value[start:] if length is None else value[start : start + int(length)]
        if cut := _CUT.fullmatch(how):
            text = self.fill(cut["text"], depth + 1)
            return value.removeprefix(text) if "#" in cut["end"] else value.removesuffix(text)
        if replaced := _REPLACE.fullmatch(how):
            return self._replaced(value, replaced, depth)
        raise _meaningless(expression)

    def _replaced(self, value: str, found: re.Match[str], depth: int) -> str:
        old = self.fill(found["old"], depth + 1)
        new = self.fill(found["new"] or "", depth + 1)
        if not old:
            return value
        match found["where"]:
            case "#":
                return new + value.removeprefix(old) if value.startswith(old) else value
            case "%":
                return value.removesuffix(old) + new if value.endswith(old) else value
            case "/":
                _bounded(len(value) + value.count(old) * len(new))
                return value.replace(old, new)
            case _:
                return value.replace(old, new, 1)


def _end(text: str, start: int) -> int:
    """Return where the brace closes that was opened before `start`."""
    open_braces = 1
    for found in _BRACE.finditer(text, start):
        open_braces += 1 if found[0] == "${" else -1
        if not open_braces:
            return found.start()
    raise ExpressionError("a ${ is never closed; $${ keeps it as it is")


def _bounded(length: int) -> None:
    if length > MAX_TEXT:
        raise ExpressionError(f"with its variables a text has more than {MAX_TEXT} characters")


def _meaningless(expression: str) -> ExpressionError:
    shown = expression if len(expression) <= 40 else f"{expression[:40]}..."  # noqa: PLR2004
    return ExpressionError(f"${{{shown}}} means nothing here; write {_FORMS}")
