"""Keeps a repository's record in the cluster: a ConfigMap in the operator's own namespace.

Called by `loop`. Two daemons never overwrite each other's record unseen: each
write names the version that it was made from.
"""

from typing import Any, Final

from helmward.errors import Conflict, NotFound
from helmward.gitops.inventory import Record, read_record, written
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS

LABELS: Final = {
    "app.kubernetes.io/managed-by": "helmward",
    "helmward.dev/record": "sync",
}


def record_name(repository: str) -> str:
    """Return the name of the ConfigMap that keeps a repository's record."""
    return f"helmward-sync-{repository}"


class Records:
    """The record of one repository; `namespace` is the operator's own."""

    def __init__(self, kube: Kube, namespace: str, repository: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._name = record_name(repository)
        self._version = ""
        self._data: dict[str, str] | None = None

    async def load(self) -> Record | None:
        """Return the record; None where there is none.

        Raises:
            RecordBroken: it cannot be read; the message names it.
            AccessDenied, ClusterUnavailable: as they say.
        """
        self._version, self._data = "", None
        try:
            found = await self._kube.get(CONFIG_MAPS, self._name, self._namespace)
        except NotFound:
            return None
        self._remember(found)
        try:
            return read_record(self._data or {})
        except Exception as error:
            error.args = (f"ConfigMap {self._namespace}/{self._name}: {error}",)
            raise

    async def save(self, record: Record) -> None:
        """Write the record if it is not what the cluster has.

        Raises:
            Conflict: somebody else has written it since it was loaded or saved.
        """
        data = written(record)
        if data == self._data:
            return
        if self._version:
            patch = {"metadata": {"resourceVersion": self._version}, "data": data}
            try:
                found = await self._kube.patch(CONFIG_MAPS, self._name, self._namespace, patch)
            except NotFound as error:
                raise Conflict(f"ConfigMap {self._namespace}/{self._name} was deleted") from error
        else:
            found = await self._kube.create(CONFIG_MAPS, self._fresh(data), self._namespace)
        self._remember(found)

    def _fresh(self, data: dict[str, str]) -> dict[str, Any]:
        metadata = {"name": self._name, "namespace": self._namespace, "labels": LABELS}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def _remember(self, found: dict[str, Any]) -> None:
        self._version = found["metadata"]["resourceVersion"]
        self._data = found.get("data") or {}
