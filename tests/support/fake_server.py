"""A model of the API server's lists and watches, with its faults on demand."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from helmward.errors import AccessDenied, ClusterUnavailable, Expired, Invalid, NotFound
from helmward.kube import Resource, Selection, Start, WatchEvent

Fault = str
"""`end`, `break`, `expire`: how the next watch stops when it has told all there is."""


@dataclass(slots=True)
class FakeServer:
    """Objects of one kind with a history; stands in for `Kube` in an informer."""

    streams: bool = True
    """Whether it can begin a watch with what there is."""
    oldest: int = 0
    version: int = 1
    objects: dict[str, msgspec.Raw] = field(default_factory=dict)
    history: list[tuple[int, str, msgspec.Raw]] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    denied: bool = False
    """Whether nobody has the right to watch."""
    watches: int = 0
    lists: int = 0
    gets: int = 0

    def put(self, name: str) -> None:
        """Create or change an object."""
        kind = "MODIFIED" if name in self.objects else "ADDED"
        self.objects[name] = self._record(kind, name)

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        if self.objects.pop(name, None):
            self._record("DELETED", name)

    def compact(self) -> None:
        """Forget the history."""
        self.oldest = self.version

    def _record(self, kind: str, name: str) -> msgspec.Raw:
        self.version += 1
        uid = f"{name}-{self.version}" if kind == "ADDED" else ""
        known = json.loads(bytes(self.objects[name])) if name in self.objects else None
        uid = uid or (known["metadata"]["uid"] if known else "")
        raw = self._raw({"name": name, "uid": uid, "resourceVersion": str(self.version)})
        self.history.append((self.version, kind, raw))
        return raw

    def _raw(self, metadata: dict[str, Any]) -> msgspec.Raw:
        return msgspec.Raw(json.dumps({"metadata": metadata}).encode())

    async def list_raw(self, selection: Selection) -> tuple[list[msgspec.Raw], str]:
        """List."""
        assert selection
        self.lists += 1
        return list(self.objects.values()), str(self.version)

    async def present(self, selection: Selection) -> str:
        """Tell the version of a list."""
        assert selection
        await asyncio.sleep(0)
        return str(self.version)

    async def get(self, resource: Resource, name: str, namespace: str) -> dict[str, Any]:
        """Read an object, whose data is its own version; asking and answering take time."""
        assert resource
        self.gets += 1
        await asyncio.sleep(0)
        if name not in self.objects:
            raise NotFound(f"{namespace}/{name}")
        found: dict[str, Any] = json.loads(bytes(self.objects[name]))
        await asyncio.sleep(0)
        return found | {"data": {"version": found["metadata"]["resourceVersion"]}}

    async def watch(
        self, selection: Selection, start: Start, *, quiet: float
    ) -> AsyncGenerator[WatchEvent, None]:
        """Watch, until there is nothing more to tell and a fault comes."""
        assert selection
        assert quiet
        self.watches += 1
        if self.denied:
            raise AccessDenied("cannot watch")
        if start.initial_events and not self.streams:
            raise Invalid("sendInitialEvents is forbidden for watch")
        at = int(start.resource_version or self.version)
        if at < self.oldest:
            raise Expired("too old resource version")
        start.opened()
        if start.initial_events:
            for raw in list(self.objects.values()):
                yield WatchEvent("ADDED", raw)
            if self.faults and self.faults[0] == "break early":
                raise ClusterUnavailable(self.faults.popleft())
            yield self._bookmark(at, initial=True)
        for version, kind, raw in [entry for entry in self.history if entry[0] > at]:
            yield WatchEvent(kind, raw)
            at = version
        self._stop(self.faults.popleft() if self.faults else "end")

    def _stop(self, fault: Fault) -> None:
        if fault == "expire":
            self.compact()
            raise Expired(fault)
        if fault.startswith("break"):
            raise ClusterUnavailable(fault)

    def _bookmark(self, version: int, *, initial: bool) -> WatchEvent:
        annotations = {"k8s.io/initial-events-end": "true"} if initial else {}
        metadata = {"resourceVersion": str(version), "annotations": annotations}
        return WatchEvent("BOOKMARK", self._raw(metadata))
