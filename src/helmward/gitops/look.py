"""Looks at objects of the cluster that git has no more.

Called by `remove`, before anything is decided. What cannot be looked at is
told apart from what is gone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import msgspec

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import raise_if_gone
from helmward.gitops.facts import Fact
from helmward.gitops.fields import our_entry
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK
from helmward.gitops.volumes import may_own_volumes, volumes_of
from helmward.kube import Kube
from helmward.kube.listing import Selection
from helmward.kube.resources import Resource

AT_ONCE: Final = 8
MANY: Final = 20
"""Objects of a kind in a namespace from which on a list is cheaper than looks at each."""

S = TypeVar("S")
T = TypeVar("T")


class Looker:
    """Finds out what objects are now."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def facts(self, items: Sequence[Item]) -> dict[ObjectId, Fact]:
        """Return what the objects are; one that is gone, or of no kind any more, is left out.

        One that cannot be looked at has a `trouble`.

        Raises:
            ClusterUnavailable: the API server is gone.
        """
        listed = await self._listed(items)
        rest = [item for item in items if item.id not in listed]
        looked = await each(rest, self._fact)
        found = {item.id: fact for item, fact in zip(rest, looked, strict=True) if fact is not None}
        return listed | found

    async def _listed(self, items: Sequence[Item]) -> dict[ObjectId, Fact]:
        """Look at many objects of one kind and namespace at once."""
        alike: defaultdict[tuple[str, ...], list[Item]] = defaultdict(list)
        for item in items:
            if not may_own_volumes(item.id):
                alike[item.api_version, item.id.kind, item.id.namespace].append(item)
        many = [group for group in alike.values() if len(group) > MANY]
        found = await each(many, self._list)
        return {key: fact for facts in found for key, fact in facts.items()}

    async def _list(self, items: Sequence[Item]) -> dict[ObjectId, Fact]:
        """Return what carries a mark; the rest, and what may not be listed, is left out."""
        wanted = {item.id.name: item.id for item in items}
        try:
            resource = await self.served(items[0])
            where = items[0].id.namespace or None
            selection = Selection(resource, where, MARK, metadata_only=True)
            listed, _ = await self._kube.list_raw(selection)
        except HelmwardError:
            return {}
        decoded = (msgspec.json.decode(one)["metadata"] for one in listed)
        return {
            wanted[one["name"]]: _fact_of(one, resource) for one in decoded if one["name"] in wanted
        }

    async def _fact(self, item: Item) -> Fact | None:
        try:
            return await self._look(item)
        except NotFound:
            return None
        except ClusterUnavailable as error:
            await raise_if_gone(self._kube, error)
            return Fact(trouble=error)
        except HelmwardError as error:
            return Fact(trouble=error)

    async def _look(self, item: Item) -> Fact:
        resource = await self.served(item)
        whole = may_own_volumes(item.id)
        found = await self._kube.get(
            resource, item.id.name, item.id.namespace or None, metadata_only=not whole
        )
        fact = _fact_of(found["metadata"], resource)
        if not whole:
            return fact
        return replace(fact, volumes=await volumes_of(self._kube, item.id, found))

    async def served(self, item: Item) -> Resource:
        """Return where an object is; its kind may be served in other versions than it once was.

        Raises:
            NotFound: the cluster does not have the kind any more.
        """
        kind, group = item.id.kind, item.id.group
        try:
            return await self._kube.resource_for(item.api_version, kind)
        except NotFound:
            for version in await self._versions(group) if group else ():
                try:
                    return await self._kube.resource_for(version, kind)
                except NotFound:
                    continue
            raise

    async def _versions(self, group: str) -> Sequence[str]:
        body = msgspec.json.decode(await self._kube.raw("GET", f"/apis/{group}"))
        return [str(one["groupVersion"]) for one in body.get("versions") or []]


def _fact_of(metadata: Mapping[str, Any], resource: Resource) -> Fact:
    return Fact(
        uid=metadata["uid"],
        annotations=metadata.get("annotations") or {},
        mark=(metadata.get("labels") or {}).get(MARK, ""),
        ours=our_entry(metadata) is not None,
        owned=bool(metadata.get("ownerReferences")),
        deleting="deletionTimestamp" in metadata,
        resource=resource,
    )


async def each(items: Sequence[S], do: Callable[[S], Awaitable[T]]) -> list[T]:
    """Do one thing with each of the items, a few at a time, and keep their order."""
    results: dict[int, T] = {}
    lost: list[ClusterUnavailable] = []
    line = enumerate(items)

    async def worker() -> None:
        for index, item in line:
            try:
                results[index] = await do(item)
            except ClusterUnavailable as error:
                lost.append(error)
            if lost:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(items))):
            group.create_task(worker())
    if lost:
        raise lost[0]
    return [results[index] for index in range(len(items))]
