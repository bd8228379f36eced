"""Changes to single places of a YAML text; every other character stays as it is.

Called by `documents`. Knows YAML nodes and where they stand, nothing of
HelmRelease. JSON is YAML too: in flow style everything is written as JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yaml import MappingNode, Node, ScalarNode

Entry = tuple[Node, Node]


class CannotEdit(Exception):
    """The place cannot be changed where it stands; says why."""


@dataclass(slots=True)
class Edits:
    """Changes to one text, made all at once by `result`; one asked for twice is made once."""

    text: str
    _changes: set[tuple[int, int, str]] = field(default_factory=set)

    def result(self) -> str:
        """Return the text with every change made."""
        text = self.text
        for start, end, new in sorted(self._changes, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def set(self, entry: Entry, value: str) -> None:
        """Write another scalar in place of an entry's value.

        Raises:
            CannotEdit: the value stands somewhere else, or others refer to it.
        """
        start, end = self._span(entry)
        bare = start == end
        quote = '"' if self.text[start : start + 1] == '"' else ""
        self._changes.add((start, end, f"{' ' if bare else ''}{quote}{value}{quote}"))

    def replace(
        self, mapping: MappingNode, entry: Entry, name: str, value: Mapping[str, str]
    ) -> None:
        """Write another entry, with a mapping of texts, in place of one.

        Raises:
            CannotEdit: the value stands somewhere else, or others refer to it.
        """
        key, _ = entry
        _, end = self._span(entry)
        inner = key.start_mark.column + 2
        written = (
            f"{json.dumps(name)}: {json.dumps(value)}"
            if mapping.flow_style
            else self._newline.join(
                (
                    f"{name}:",
                    *(f"{' ' * inner}{one}: {_scalar(text)}" for one, text in value.items()),
                )
            )
        )
        ending = self._newline if self.text[key.start_mark.index : end].endswith("\n") else ""
        self._changes.add((key.start_mark.index, end, written + ending))

    def insert(self, mapping: MappingNode, name: str, value: str) -> None:
        """Write a new entry before all others of a mapping, above their comments."""
        first, _ = mapping.value[0]
        start = first.start_mark.index
        if mapping.flow_style:
            self._changes.add((start, start, f"{json.dumps(name)}: {value}, "))
            return
        indent = " " * first.start_mark.column
        place = self._above_comments(start - len(indent), indent)
        self._changes.add((place, place, f"{indent}{name}: {value}{self._newline}"))

    def _above_comments(self, place: int, indent: str) -> int:
        while place > 0:
            above = self.text.rfind("\n", 0, place - 1) + 1
            if not self.text.startswith(f"{indent}#", above):
                break
            place = above
        return place

    def _span(self, entry: Entry) -> tuple[int, int]:
        key, value = entry
        start, end = value.start_mark.index, value.end_mark.index
        if start < key.end_mark.index:
            raise CannotEdit(f"{_name(key)} is an alias: write its value out")
        if self.text[start : start + 1] == "&":
            raise CannotEdit(f"{_name(key)} has an anchor: write its value where it is used")
        return start, end

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def entry_of(mapping: Node, name: str) -> Entry | None:
    """Return an entry that stands in the mapping itself, not in one merged into it."""
    if isinstance(mapping, MappingNode):
        for key, value in mapping.value:
            if isinstance(key, ScalarNode) and key.value == name:
                return key, value
    return None


def text_of(mapping: Node, name: str) -> str:
    """Return a scalar of a mapping as it is written; empty without one."""
    entry = entry_of(mapping, name)
    return str(entry[1].value) if entry and isinstance(entry[1], ScalarNode) else ""


def _name(key: Node) -> str:
    return str(key.value)


def _scalar(value: str) -> str:
    """Write a text plainly where no YAML reader could take it for anything else."""
    plain = value.replace("/", "").replace("-", "").replace("_", "").replace(".", "")
    if plain.isalpha() and plain.lower() not in WORDS:
        return value
    return json.dumps(value)


WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def same(left: Any, right: Any) -> bool:
    """Compare two documents, types included: 1 is neither true nor 1.0."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)
