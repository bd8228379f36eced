"""Where values come from: today, ConfigMaps and Secrets of the cluster.

Called by `compose`, built by whoever has a client. As whom the cluster is
asked, the client knows.
"""

import base64
from collections.abc import Mapping
from typing import Final, Protocol

from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS, SECRETS, Resource
from helmward.model import SourceKind

RESOURCES: Final[Mapping[SourceKind, Resource]] = {
    SourceKind.CONFIG_MAP: CONFIG_MAPS,
    SourceKind.SECRET: SECRETS,
}
"""The kinds of object that values are read from."""


class Sources(Protocol):
    """What a composition is made from."""

    async def entries(self, kind: SourceKind, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return the content of a ConfigMap or Secret by key.

        Raises:
            NotFound: there is no such object.
            AccessDenied, ClusterUnavailable: it is not known whether there is one.
        """


class ClusterSources:
    """Reads from the API server, each time anew."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def entries(self, kind: SourceKind, namespace: str, name: str) -> Mapping[str, bytes]:
        """Return the content of a ConfigMap or Secret by key; see `Sources`."""
        found = await self._kube.get(RESOURCES[kind], name, namespace)
        plain, encoded = found.get("data") or {}, found.get("binaryData") or {}
        if kind is SourceKind.SECRET:
            plain, encoded = {}, plain
        return {key: text.encode() for key, text in plain.items()} | {
            key: base64.b64decode(text) for key, text in encoded.items()
        }
