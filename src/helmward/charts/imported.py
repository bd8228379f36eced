"""Helm's repositories.yaml: repositories that are known by name, and how they are asked.

Read once at start. As with the old operator, what is wrong with an entry is
told and the entry is left out: the operator serves everything else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from helmward.charts.credentials import Reading
from helmward.charts.urls import Unreadable, place_of, shown
from helmward.errors import SpecInvalid
from helmward.model import ANYBODY, Access, Repository
from helmward.yamls import Document, YamlError, documents

LARGEST: Final = 1 << 20
"""Bytes of a file."""
FILES: Final[Mapping[str, str]] = {
    "caFile": "ca.crt",
    "certFile": "tls.crt",
    "keyFile": "tls.key",
}
OPTIONS: Final[Mapping[str, str]] = {
    "insecure_skip_tls_verify": "insecureSkipTLSVerify",
    "pass_credentials_all": "passCredentials",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """The repositories of all files, and what could not be taken over, in words."""

    repositories: tuple[Repository, ...] = ()
    warnings: tuple[str, ...] = ()

    def access(self, url: str) -> Access | None:
        """Return how the repository of an address is asked; None where it is not known."""
        try:
            place = place_of(url)
        except Unreadable:
            return None
        known = (one for one in self.repositories if place_of(one.url) == place)
        return next((one.access for one in known), None)


class Unusable(Exception):
    """An entry or a file that is left out; the message says why."""


@dataclass(slots=True)
class _Found:
    repositories: dict[str, Repository] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_imported(paths: Iterable[Path]) -> Imported:
    """Read the files; of two entries with one name the first counts, as in Helm."""
    found = _Found()
    for path in paths:
        try:
            _read_file(path, found)
        except Unusable as why:
            found.warnings.append(f"--helm-repository-import: {path}: {why}")
    return Imported(tuple(found.repositories.values()), tuple(found.warnings))


def _read_file(path: Path, found: _Found) -> None:
    document = _document(path)
    for entry in _entries(document):
        line = document.line_of(entry)
        try:
            one = _repository(path, entry)
        except Unusable as why:
            found.warnings.append(f"--helm-repository-import: {path}:{line}: {why}; it is left out")
            continue
        if one.name in found.repositories:
            words = f"repository {one.name} is known already; it is left out"
            found.warnings.append(f"--helm-repository-import: {path}:{line}: {words}")
        else:
            found.repositories[one.name] = one


def _document(path: Path) -> Document:
    try:
        read = documents(read_file(path), strict=False)
    except YamlError as error:
        raise Unusable(f"line {error.line}: {error.gist}") from None
    except OSError as error:
        raise Unusable(f"{error.strerror or error}; its repositories are asked as nobody") from None
    if not read:
        raise Unusable("is empty")
    return read[0]


def read_file(path: Path) -> bytes:
    """Return the content of a file of the operator's own, as far as it is of a sane size.

    Raises:
        OSError: it cannot be read, or is too large.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"is larger than {LARGEST >> 20} MiB")
    return content


def _entries(document: Document) -> Iterator[dict[str, Any]]:
    value = document.value
    listed = value.get("repositories") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise Unusable("has no list of repositories: is it Helm's repositories.yaml?")
    for number, entry in enumerate(listed):
        if not isinstance(entry, dict):
            raise Unusable(f"repositories[{number}] is no mapping")
        yield entry


def _repository(path: Path, entry: Mapping[str, Any]) -> Repository:
    name, url = _text(entry, "name"), _text(entry, "url")
    if not name or not url:
        raise Unusable(f"repository {name or shown(url) or '?'} needs both a name and a url")
    try:
        place_of(url)
    except Unreadable as why:
        raise Unusable(f"the url of repository {name} {why}") from None
    return Repository(name, url, _access(path, name, entry))


def _access(path: Path, name: str, entry: Mapping[str, Any]) -> Access:
    given = {key: _text(entry, key).encode() for key in ("username", "password")}
    given |= {key: _text(entry, old).encode() for old, key in OPTIONS.items()}
    for old, key in FILES.items():
        if file := _text(entry, old):
            given[key] = _file(path.parent / file, name, old)
    if not any(given.values()):
        return ANYBODY
    try:
        return Reading(given, lambda why: SpecInvalid(f"repository {name} {why}")).access()
    except SpecInvalid as error:
        raise Unusable(_in_its_words(str(error))) from None


def _file(path: Path, name: str, key: str) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        why = error.strerror or error
        raise Unusable(f"{key} of repository {name} cannot be read: {why}") from None


def _in_its_words(text: str) -> str:
    """Name what is wrong as the file calls it, not as a Secret would."""
    for old, key in (*FILES.items(), *OPTIONS.items()):
        text = text.replace(key, old)
    return text


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
