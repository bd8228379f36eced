"""Tells which files SOPS has encrypted, by what it leaves in them; pure."""

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from helmward.yamls import YamlError, documents

_SIGN: Final = b"sops"
"""What every encrypted file has in it somewhere."""
_LINE: Final = re.compile(rb"^\W*sops\b", re.MULTILINE)
_FORMS: Final = {
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    ".json": "json",
    ".env": "dotenv",
    ".ini": "ini",
}


def form_of(name: str, content: bytes) -> str:
    """Return in which form SOPS has encrypted the file; empty: it has not."""
    if _SIGN not in content:
        return ""
    base = posixpath.basename(name)
    form = _FORMS.get(".env" if base == ".env" else posixpath.splitext(base)[1], "binary")
    return form if _SEALED[form](content) else ""


def line_of(content: bytes) -> int:
    """Return where SOPS has written what it needs."""
    found = _LINE.search(content)
    return content.count(b"\n", 0, found.start()) + 1 if found else 1


def describes_objects(content: bytes) -> bool:
    """Tell whether a YAML file has anything in it that a cluster would know."""
    return any(isinstance(one, dict) and one.get("kind") for one in _values(content))


def _sealed_yaml(content: bytes) -> bool:
    return any(_has_metadata(value) for value in _values(content))


def _sealed_json(content: bytes) -> bool:
    try:
        return _has_metadata(json.loads(content))
    except (ValueError, RecursionError):
        return False


def _has_metadata(value: Any) -> bool:
    metadata = value.get("sops") if isinstance(value, dict) else None
    return isinstance(metadata, dict) and "mac" in metadata


def _values(content: bytes) -> list[Any]:
    try:
        return [one.value for one in documents(content, strict=False)]
    except YamlError:
        # Whoever reads it next says what is wrong with it.
        return []


def _sealed_env(content: bytes) -> bool:
    return re.search(rb"^sops_mac=", content, re.MULTILINE) is not None


def _sealed_ini(content: bytes) -> bool:
    return re.search(rb"^\[sops\]", content, re.MULTILINE) is not None


_SEALED: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "yaml": _sealed_yaml,
    "json": _sealed_json,
    "binary": _sealed_json,
    "dotenv": _sealed_env,
    "ini": _sealed_ini,
}
