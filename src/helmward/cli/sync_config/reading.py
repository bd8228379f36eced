"""Reads the file strictly: whatever is wrong with it is told with line, field and fix.

Called by `meaning`. No message quotes a value that may hold a password.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from helmward.cli.sync_config.described import described, fields_of
from helmward.cli.sync_config.fields import SyncConfig
from helmward.errors import ConfigInvalid
from helmward.yamls import Document, YamlError, documents

FLAG: Final = "--sync-config"
LARGEST: Final = 1 << 20
"""Bytes of the file."""
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_EMPTY: Final = re.compile(r"Expected `\w+` of length >= 1")
_LIMIT: Final = re.compile(r"Expected `(\w+)` ([<>]=) ([\d.]+)")
_TYPE: Final = re.compile(r"Expected `(.*)`, got `(\w+)`")
_SCALARS: Final = ("bool", "int", "float")
_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "str": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The file, and where in it fields stand."""

    file: Path
    document: Document

    def of(self, field: str) -> str:
        """Name a field by file, line and its path, as `repositories[1].paths[0].build`."""
        line = self.document.line
        for mapping in _mappings(self.document.value, field):
            line = self.document.line_of(mapping)
        return f"{FLAG} {self.file}:{line}: {field}".rstrip(": ")


def read_file(file: Path) -> tuple[SyncConfig, Place]:
    """Return what the file says, and where.

    Raises:
        ConfigInvalid: it cannot be read, or a field is unknown or of another type.
    """
    place = Place(file, _document(file))
    try:
        return msgspec.convert(place.document.value, SyncConfig), place
    except msgspec.ValidationError as error:
        raise ConfigInvalid(_explained(str(error), place)) from None


def _document(file: Path) -> Document:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ConfigInvalid(f"{FLAG} {file}: is larger than {LARGEST >> 20} MiB")
        found = documents(content)
    except YamlError as error:
        raise ConfigInvalid(f"{FLAG} {file}:{error.line}: {error.gist}") from None
    except OSError as error:
        raise ConfigInvalid(f"{FLAG} {file}: {error.strerror or error}") from None
    if len(found) != 1:
        raise ConfigInvalid(f"{FLAG} {file}: must hold one YAML document with `repositories`")
    return found[0]


def _explained(words: str, place: Place) -> str:
    """Put msgspec's sentence into ours, the field at its beginning."""
    what, _, path = words.partition(" - at `$")
    path = path.rstrip("`").removeprefix(".").removesuffix("[...]")
    if found := _UNKNOWN.match(what):
        known = ", ".join(fields_of(_every(path)))
        return f"{place.of(_inner(path, found[1]))}: is unknown: take one of {known}"
    if found := _MISSING.match(what):
        return f"{place.of(_inner(path, found[1]))}: is missing"
    return f"{place.of(path)}: {_wrong(what, path)}"


def _inner(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _every(path: str) -> str:
    """Return a path as the models have it, without numbers."""
    return re.sub(r"\[\d+\]", "[]", path)


def _wrong(what: str, path: str) -> str:
    """Say what a value must be; what it is, is never quoted."""
    if what.startswith("Invalid enum value"):
        (field,) = (one for one in described() if one.path == _every(path))
        return f"must be one of {', '.join(field.values)}"
    if _EMPTY.match(what):
        return "must not be empty: list one, or leave it out where it may be"
    if found := _LIMIT.match(what):
        return f"must be {_TYPES[found[1]]} {found[2]} {found[3]}"
    found = _TYPE.match(what)
    if found is None:
        return "is not what it should be"
    wanted = " or ".join(_TYPES.get(one, one) for one in found[1].split(" | ") if one != "null")
    hint = ": put it into quotes" if wanted == "a text" and found[2] in _SCALARS else ""
    return f"must be {wanted}, not {_TYPES.get(found[2], found[2])}{hint}"


def _mappings(value: Any, field: str) -> Iterator[dict[str, Any]]:
    """Yield the mappings on the way to a field, as far as they are there."""
    for name, number in _STEP.findall(field):
        if isinstance(value, dict):
            yield value
            value = value.get(name)
        elif isinstance(value, list) and number and int(number) < len(value):
            value = value[int(number)]
        else:
            return
    if isinstance(value, dict):
        yield value
