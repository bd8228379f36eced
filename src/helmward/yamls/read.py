"""Reads YAML as kubectl and Helm do, and remembers where each mapping stands.

libyaml scans; scalars are resolved by `scalars`, so that a text means the same
here as under `kubectl apply` or `helm -f`. Knows nothing of Kubernetes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from helmward.yamls.scalars import key_text, resolve

MAX_DEPTH: Final = 100
MAX_ALIASED: Final = 10_000
"""How many nodes aliases may repeat in one file: a bomb repeats billions."""
LONG_TEXT: Final = 100
"""A text counts as one more node for each so many characters."""

Node: TypeAlias = tuple[Any, int]
"""A value, and how many nodes it is made of with its aliases written out."""


class YamlError(Exception):
    """The text cannot be read; `line` and `column` count from 1.

    The message may quote the text. `gist` never does: it is for texts that
    nobody may see.
    """

    def __init__(
        self, message: str, line: int, column: int = 1, gist: str = "it cannot be read as YAML"
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.gist = gist


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file. Its values are shared where aliases were: never change them."""

    value: Any
    line: int
    lines: Mapping[int, int]
    """Where each mapping starts, by the `id()` of the mapping."""

    def line_of(self, mapping: Any) -> int:
        """Return where the mapping starts, the document's own line if unknown."""
        return self.lines.get(id(mapping), self.line)


def documents(content: bytes, *, strict: bool = True) -> list[Document]:
    """Return every document of a file that is not empty.

    The strict refuse what kubectl and Helm would read otherwise than its
    writer meant: a key twice, a fraction as a key, `<<` below a key that it
    sets. Else all of that is read as they do: what stands last counts.

    Raises:
        YamlError: it is not YAML, or not as strict as it has to be.
    """
    text = _decode(content)
    try:
        return list(_Reader(text, strict=strict).documents())
    except MarkedYAMLError as error:
        raise _explained(error, text) from error
    except YAMLError as error:
        words, line, column = _unreadable(error, text)
        raise YamlError(words, line, column, gist=words) from error


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        words = "the file is not UTF-8 text"
        raise YamlError(words, line, column, gist=words) from error


def _explained(error: MarkedYAMLError, text: str) -> YamlError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    message = ", ".join(str(part) for part in (error.context, error.problem) if part)
    if _char_at(text, line, column) == "\t":
        message += " (a tab: YAML is indented with spaces)"
    # libyaml's words are fixed sentences: they quote nothing.
    return YamlError(message, line + 1, column + 1, gist=message)


def _char_at(text: str, line: int, column: int) -> str:
    lines = text.split("\n", line + 1)
    return lines[line][column : column + 1] if line < len(lines) else ""


def _unreadable(error: YAMLError, text: str) -> tuple[str, int, int]:
    """Say where a character stands that YAML forbids; libyaml counts bytes."""
    before = text.encode()[: getattr(error, "position", None) or 0]
    line = before.count(b"\n") + 1
    return getattr(error, "reason", "it cannot be read"), line, len(before) - before.rfind(b"\n")


class _Reader:
    """Builds values from libyaml's events, without ever recursing deeper than allowed."""

    def __init__(self, text: str, *, strict: bool) -> None:
        self._parser = CParser(text)
        self._strict = strict
        self._anchors: dict[str, Node] = {}
        self._aliased = 0
        self._lines: dict[int, int] = {}

    def documents(self) -> Iterator[Document]:
        while (event := self._parser.get_event()) is not None:
            if isinstance(event, DocumentStartEvent):
                self._anchors = {}
                self._lines = {}
                first = self._next()
                value, _ = self._node(first, 0)
                if value is not None:
                    yield Document(value, _line(first), self._lines)

    def _next(self) -> Event:
        event = self._parser.get_event()
        if event is None:  # libyaml raises before it ends inside a document
            raise YamlError("the file ends in the middle of a document", 1)
        return event

    def _node(self, event: Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            words = f"nested deeper than {MAX_DEPTH} levels"
            raise _problem(event, words, words)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        node = self._content(event, depth)
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: Event, depth: int) -> Node:
        if isinstance(event, ScalarEvent):
            return _scalar(event), 1 + len(event.value) // LONG_TEXT
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, depth)
        return self._sequence(depth)

    def _alias(self, event: AliasEvent) -> Node:
        if event.anchor not in self._anchors:
            words = f"the alias *{event.anchor} has no anchor before it"
            raise _problem(event, words, "an alias has no anchor before it")
        value, size = self._anchors[event.anchor]
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            words = f"the aliases of this file repeat over {MAX_ALIASED} nodes"
            raise _problem(event, words, words)
        return value, size

    def _sequence(self, depth: int) -> Node:
        items: list[Any] = []
        total = 1
        while not isinstance(event := self._next(), SequenceEndEvent):
            value, size = self._node(event, depth + 1)
            items.append(value)
            total += size
        return items, total

    def _mapping(self, start: CollectionStartEvent, depth: int) -> Node:
        mapping: dict[str, Any] = {}
        written: dict[str, int] = {}
        total = 1
        while not isinstance(event := self._next(), MappingEndEvent):
            if _is_merge(event):
                total += self._merge(mapping, depth)
                continue
            key = self._key(event, written)
            mapping[key], size = self._node(self._next(), depth + 1)
            total += size + 1 + len(key) // LONG_TEXT
        self._lines[id(mapping)] = _line(start)
        return mapping, total

    def _key(self, event: Event, written: dict[str, int]) -> str:
        if isinstance(event, CollectionStartEvent):
            words = "a mapping or a list cannot be a key"
            raise _problem(event, words, words)
        value, _ = self._node(event, 0)
        try:
            key = key_text(value, strict=self._strict)
        except ValueError as error:
            gist = "a key is no text: put it into quotes"
            raise _problem(event, str(error), gist) from error
        if self._strict and key in written:
            words = f"the key {key!r} is already on line {written[key]}"
            raise _problem(event, words, "a key stands twice in one mapping")
        written[key] = _line(event)
        return key

    def _merge(self, mapping: dict[str, Any], depth: int) -> int:
        """Take over what `<<` names; of several sources in a list the earlier win.

        Keys written below it win over it. About keys above it YAML and kubectl
        disagree, so the strict refuse those; else it wins over them, as there.
        """
        event = self._next()
        value, size = self._node(event, depth + 1)
        merged: dict[str, Any] = {}
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                words = "<< needs a mapping or a list of mappings"
                raise _problem(event, words, words)
            merged = source | merged
        if self._strict and (twice := sorted(mapping.keys() & merged.keys())):
            words = f"<< sets {twice[0]!r}, which stands above: put << first"
            raise _problem(event, words, "<< sets a key that stands above: put << first")
        mapping.update(merged)
        return size


def _scalar(event: ScalarEvent) -> Any:
    _, quoted = event.implicit
    if quoted:
        return event.value
    try:
        return resolve(event.value, event.tag or "")
    except ValueError as error:
        gist = "a value does not fit its tag, or JSON has no such number: put it into quotes"
        raise _problem(event, str(error), gist) from error


def _is_merge(event: Event) -> bool:
    return isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _problem(event: Event, message: str, gist: str) -> YamlError:
    column = int(event.start_mark.column) + 1 if event.start_mark else 1
    return YamlError(message, _line(event), column, gist)
