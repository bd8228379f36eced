"""Looks at what git has no more, and deletes what is to go.

Called by `loop`; what goes, `prune` decides. What cannot be looked at is left
for the next time.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import msgspec
import structlog

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import raise_if_gone
from helmward.gitops.fields import our_entry
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK, mark_of
from helmward.gitops.plan import rank
from helmward.gitops.prune import HELM_RELEASES, Fact
from helmward.gitops.scope import Scope
from helmward.gitops.volumes import volumes_of
from helmward.kube import Kube
from helmward.kube.listing import Selection
from helmward.kube.resources import Resource

AT_ONCE: Final = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Removed:
    """What became of the removals."""

    gone: tuple[ObjectId, ...] = ()
    """Deleted, or being deleted: a finalizer may take its time."""
    refused: Mapping[ObjectId, HelmwardError] = field(default_factory=dict)
    """What the API server did not delete, and why; it is tried again."""


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    owner_references: list[dict[str, Any]] = []


class _Marked(msgspec.Struct, frozen=True):
    metadata: _Metadata


class Remover:
    """Deletes objects of one repository in the name of Helmward."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def facts(self, items: Sequence[Item]) -> dict[ObjectId, Fact]:
        """Return what the objects are now; one that is gone, or of no kind any more, is left out.

        Raises:
            HelmwardError: one of them cannot be looked at; nothing is known then.
        """
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(item: Item) -> tuple[ObjectId, Fact | None]:
            async with slots:
                return item.id, await self._fact(item)

        found = await asyncio.gather(*(one(item) for item in items))
        return {key: fact for key, fact in found if fact is not None}

    async def remove(self, items: Sequence[Item], facts: Mapping[ObjectId, Fact]) -> Removed:
        """Delete in the order given: what has a higher rank is asked to go first.

        Only the very object that was looked at is deleted, not one that was
        made anew since.

        Raises:
            ClusterUnavailable: the API server is gone.
        """
        gone: list[ObjectId] = []
        refused: dict[ObjectId, HelmwardError] = {}
        for _, stage in groupby(items, key=lambda item: rank(item.id)):
            results = await self._stage(list(stage), facts)
            gone += [found for found, error in results if error is None]
            refused |= {found: error for found, error in results if error is not None}
        return Removed(tuple(gone), refused)

    async def marked(self, source: str, scope: Scope) -> tuple[Item, ...]:
        """Return the objects of the cluster that carry the marks of a source.

        Asked when there is no record: after one was lost, or where Flux v1
        was before. Kinds that cannot be listed are left out; a log line says so.

        Raises:
            ClusterUnavailable: the API server is gone.
        """
        found: list[Item] = []
        async for resource in self._listable(scope):
            try:
                found += await self._marked(resource, source)
            except ClusterUnavailable as error:
                await raise_if_gone(self._kube, error)
            except HelmwardError as error:
                log.warning("kind not looked at", kind=str(resource), error=str(error))
        return tuple(found)

    async def _fact(self, item: Item) -> Fact | None:
        try:
            resource = await self._kube.resource_for(item.api_version, item.id.kind)
            named = (resource, item.id.name, item.id.namespace or None)
            is_release = item.id.kind == "HelmRelease" and item.id.group in HELM_RELEASES
            found = await self._kube.get(*named, metadata_only=not is_release)
        except NotFound:
            return None
        metadata = found["metadata"]
        return Fact(
            uid=metadata["uid"],
            annotations=metadata.get("annotations") or {},
            mark=(metadata.get("labels") or {}).get(MARK, ""),
            ours=our_entry(metadata) is not None,
            owned=bool(metadata.get("ownerReferences")),
            volumes=await volumes_of(self._kube, found) if is_release else "",
        )

    async def _stage(
        self, items: Sequence[Item], facts: Mapping[ObjectId, Fact]
    ) -> list[tuple[ObjectId, HelmwardError | None]]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(item: Item) -> tuple[ObjectId, HelmwardError | None]:
            async with slots:
                return item.id, await self._delete(item, facts[item.id].uid)

        return await asyncio.gather(*(one(item) for item in items))

    async def _delete(self, item: Item, uid: str) -> HelmwardError | None:
        try:
            resource = await self._kube.resource_for(item.api_version, item.id.kind)
            await self._kube.delete(
                resource,
                item.id.name,
                item.id.namespace or None,
                uid=uid,
                propagation="Background",
            )
        except NotFound:
            return None
        except ClusterUnavailable as error:
            await raise_if_gone(self._kube, error)
            return error
        except HelmwardError as error:
            return error
        return None

    async def _marked(self, resource: Resource, source: str) -> Iterable[Item]:
        selection = Selection(resource, None, MARK, metadata_only=True)
        listed, _ = await self._kube.list_raw(selection)
        items = []
        for raw in listed:
            metadata = msgspec.json.decode(raw, type=_Marked).metadata
            key = ObjectId(resource.group, resource.kind, metadata.namespace, metadata.name)
            if metadata.labels.get(MARK) == mark_of(source, key) and not metadata.owner_references:
                items.append(Item(key, resource.version))
        return items

    async def _listable(self, scope: Scope) -> AsyncIterator[Resource]:
        """Yield every kind that can be listed and deleted, each in its preferred version."""
        for group_version in await self._group_versions():
            path = f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"
            try:
                body = msgspec.json.decode(await self._kube.raw("GET", path))
            except HelmwardError as error:
                log.warning("kinds not looked at", group=group_version, error=str(error))
                continue
            for resource in _resources(group_version, body.get("resources") or []):
                if scope.has_kind(resource.api_version, resource.kind):
                    yield resource

    async def _group_versions(self) -> list[str]:
        body = msgspec.json.decode(await self._kube.raw("GET", "/apis"))
        groups = body.get("groups") or []
        return ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]


def _resources(group_version: str, listed: Collection[Mapping[str, Any]]) -> Iterable[Resource]:
    group, _, version = group_version.rpartition("/")
    for one in listed:
        if "/" not in one["name"] and {"list", "delete"} <= set(one.get("verbs") or ()):
            yield Resource(group, version, one["name"], one["kind"], bool(one["namespaced"]))
