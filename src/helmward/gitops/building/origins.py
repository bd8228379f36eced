"""Finds the line at which an object of a build was written; pure."""

from collections.abc import Mapping
from typing import Any

from helmward.gitops.building.files import File
from helmward.yamls import YamlError, documents


class Origins:
    """Knows where the objects of files stand; each file is read once."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        self._known: dict[str, list[tuple[str, str, int]]] = {}

    def line_of(self, file: str, value: Mapping[str, Any]) -> int:
        """Return the line of an object that may have been renamed since; 1 where none fits."""
        if file not in self._known:
            self._known[file] = self._objects(file)
        kind, name = value.get("kind"), str((value.get("metadata") or {}).get("name") or "")
        same = [one for one in self._known[file] if one[0] == kind]
        # Names grow by prefixes and suffixes; the longest that is in it is the one.
        fitting = [one for one in same if one[1] in name]
        return max(fitting or same[:1], key=lambda one: len(one[1]), default=("", "", 1))[2]

    def _objects(self, file: str) -> list[tuple[str, str, int]]:
        try:
            found = documents(self._files[file].content, strict=False)
        except (KeyError, YamlError):
            return []
        return [
            (str(one.value.get("kind")), _name(one.value), one.line)
            for one in found
            if isinstance(one.value, dict)
        ]


def _name(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""
