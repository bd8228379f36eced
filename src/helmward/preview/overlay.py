"""ConfigMaps and Secrets as they will be: those of the commit, else those of the cluster."""

import base64
from collections.abc import Mapping
from typing import Any

from helmward.errors import NotFound
from helmward.kube.entries import Entries, entries_of
from helmward.kube.resources import Resource

Key = tuple[str, str, str]
"""Kind, namespace, name."""


class Overlay:
    """Reads what a commit would leave behind; see `Entries`."""

    def __init__(
        self,
        below: Entries,
        over: Mapping[Key, Mapping[str, Any]],
        removed: frozenset[Key] = frozenset(),
    ) -> None:
        """`over` are whole objects, merged with what the cluster has of them."""
        self._below = below
        self._over = over
        self._removed = removed

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return the entries by key.

        Raises:
            NotFound: the commit removes the object, or there is none.
        """
        key = (resource.kind, namespace, name)
        if key in self._removed:
            raise NotFound(f"{resource.kind} {namespace}/{name} is not in git any more")
        if key in self._over:
            return entries_of(resource, _encoded(resource, self._over[key]))
        return await self._below.entries(resource, namespace, name)


def _encoded(resource: Resource, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object as the API server would have it: `stringData` in `data`."""
    plain = document.get("stringData") if resource.kind == "Secret" else None
    if not plain:
        return document
    added = {key: base64.b64encode(str(text).encode()).decode() for key, text in plain.items()}
    return {**document, "data": {**(document.get("data") or {}), **added}}
