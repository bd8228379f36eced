"""Keeps a repository's record in the cluster: a ConfigMap in the operator's own namespace.

Called by `loop`. Two daemons never overwrite each other's record unseen: each
write names the version that it was made from.
"""

import asyncio
from typing import Any, Final

from helmward.errors import Conflict, NotFound, RecordBroken
from helmward.gitops.codec import Entries, read_record, written
from helmward.gitops.inventory import Record
from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS

LABELS: Final = {
    "app.kubernetes.io/managed-by": "helmward",
    "helmward.dev/record": "sync",
}
TRIES: Final = 3
"""How often a write is tried while others change the ConfigMap, but not the record in it."""


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
        self._kept = Entries()
        self._saved: Record | None = None
        """What the ConfigMap says, as far as we have written it."""

    def __str__(self) -> str:
        """Read as people name it."""
        return f"ConfigMap {self._namespace}/{self._name}"

    async def load(self) -> Record | None:
        """Return the record; None where there is none.

        Raises:
            RecordBroken: it cannot be read; the message names it.
            AccessDenied, ClusterUnavailable: as they say.
        """
        self._version, self._kept, self._saved = "", Entries(), None
        try:
            await self._look()
        except NotFound:
            return None
        try:
            return await asyncio.to_thread(read_record, self._kept)
        except RecordBroken as error:
            raise RecordBroken(f"{self}: {error}") from error

    async def save(self, record: Record) -> None:
        """Write the record if it is not what the cluster has.

        One that was deleted meanwhile is made anew: we know what was in it.

        Raises:
            Conflict: somebody else has written it since it was loaded or saved:
                load it again.
            RecordBroken: it is too large.
        """
        if record == self._saved:
            return
        try:
            entries = await asyncio.to_thread(written, record)
        except RecordBroken as error:
            raise RecordBroken(f"{self}: {error}") from error
        if entries != self._kept:
            await self._write(entries)
        self._saved = record

    async def _write(self, entries: Entries) -> None:
        for _ in range(TRIES):
            try:
                return self._remember(await self._sent(entries))
            except NotFound:
                self._version, self._kept = "", Entries()
            except Conflict:
                await self._look_again()
        raise Conflict(f"{self} changes all the time")

    async def _sent(self, entries: Entries) -> dict[str, Any]:
        metadata: dict[str, Any] = {"labels": LABELS}
        if self._version:
            patch = {"metadata": metadata | {"resourceVersion": self._version}, **entries.document}
            return await self._kube.patch(CONFIG_MAPS, self._name, self._namespace, patch)
        metadata |= {"name": self._name, "namespace": self._namespace}
        kind = {"apiVersion": CONFIG_MAPS.api_version, "kind": CONFIG_MAPS.kind}
        return await self._kube.create(
            CONFIG_MAPS, {**kind, "metadata": metadata, **entries.document}, self._namespace
        )

    async def _look_again(self) -> None:
        """Tell an annotation that somebody has set from a record that somebody has written."""
        kept = self._kept
        try:
            await self._look()
        except NotFound:
            return
        if self._kept != kept:
            raise Conflict(f"{self} was written by another daemon")

    async def _look(self) -> None:
        self._remember(await self._kube.get(CONFIG_MAPS, self._name, self._namespace))

    def _remember(self, found: dict[str, Any]) -> None:
        self._version = found["metadata"]["resourceVersion"]
        self._kept = Entries.of(found)
