"""ConfigMaps and Secrets as what they are to us: entries by key.

Called by whoever reads what a HelmRelease refers to: values, credentials, keys.
As whom the cluster is asked, the client knows.
"""

import base64
from collections.abc import Mapping
from typing import Any, Protocol

from helmward.kube.client import Kube
from helmward.kube.resources import SECRETS, Resource


class Entries(Protocol):
    """Where the entries of ConfigMaps and Secrets are read."""

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return the content of a ConfigMap or Secret by key.

        Raises:
            NotFound: there is no such object.
            AccessDenied, ClusterUnavailable: it is not known whether there is one.
        """


class ClusterEntries:
    """Reads from the API server, each time anew."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def entries(self, resource: Resource, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return the content of a ConfigMap or Secret by key; see `Entries`."""
        return entries_of(resource, await self._kube.get(resource, name, namespace))


def entries_of(resource: Resource, found: Mapping[str, Any]) -> Mapping[str, bytes]:
    """Return what a ConfigMap or Secret holds, by key."""
    plain, encoded = found.get("data") or {}, found.get("binaryData") or {}
    if resource == SECRETS:
        plain, encoded = {}, plain
    return {key: text.encode() for key, text in plain.items()} | {
        key: base64.b64decode(text) for key, text in encoded.items()
    }
