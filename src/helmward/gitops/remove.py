"""Looks at what git has no more, and deletes what is to go.

Called by `loop`; what goes, `prune` decides. What cannot be looked at, or is
not deleted, is left for the next time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, TypeVar

import msgspec

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import raise_if_gone
from helmward.gitops.facts import Fact, Facts
from helmward.gitops.fields import our_entry
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK
from helmward.gitops.plan import rank
from helmward.gitops.report import Refusal
from helmward.gitops.scope import Scope
from helmward.gitops.search import Search, search
from helmward.gitops.volumes import may_own_volumes, volumes_of
from helmward.kube import Kube
from helmward.kube.resources import Resource

AT_ONCE: Final = 8
NOWHERE: Final = "to be removed"
"""Said where others are said to be written: git does not have it any more."""

T = TypeVar("T")
Fate = tuple[ObjectId, HelmwardError | None, bool]
"""An object, why it was not deleted, and whether finalizers hold it."""


@dataclass(frozen=True)
class Removed:
    """What became of the removals."""

    gone: tuple[ObjectId, ...] = ()
    """Deleted, those among them that finalizers still hold."""
    leaving: frozenset[ObjectId] = frozenset()
    """Those that finalizers still hold: they stay in the inventory until they are seen gone."""
    refused: Mapping[ObjectId, HelmwardError] = field(default_factory=dict)
    """What the API server did not delete, and why; it is tried again."""

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The same as all that the API server refuses is told of."""
        return tuple(
            Refusal(found, NOWHERE, error.reason, str(error))
            for found, error in self.refused.items()
        )

    @property
    def done(self) -> frozenset[ObjectId]:
        """What there is no more."""
        return frozenset(self.gone) - self.leaving


class Remover:
    """Looks at objects of one repository, and deletes them."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def facts(self, items: Sequence[Item]) -> dict[ObjectId, Fact]:
        """Return what the objects are now; one that is gone, or of no kind any more, is left out.

        One that cannot be looked at has a `trouble`.

        Raises:
            ClusterUnavailable: the API server is gone.
        """
        found = await _each(items, self._fact)
        return {item.id: fact for item, fact in zip(items, found, strict=True) if fact is not None}

    async def remove(self, items: Sequence[Item], facts: Facts) -> Removed:
        """Delete in the order given: what has a higher rank is asked to go first.

        Only the very object that was looked at is deleted, not one that was
        made anew since. What it owns is collected by the cluster. A HelmRelease
        stays until its release is uninstalled, by its finalizer.

        Raises:
            ClusterUnavailable: the API server is gone.
        """

        async def one(item: Item) -> Fate:
            return await self._delete(item, facts[item.id])

        fates: list[Fate] = []
        for _, stage in groupby(items, key=lambda item: rank(item.id)):
            fates += await _each(list(stage), one)
        return Removed(
            tuple(found for found, error, _ in fates if error is None),
            frozenset(found for found, _, leaving in fates if leaving),
            {found: error for found, error, _ in fates if error is not None},
        )

    async def marked(self, source: str, scope: Scope) -> Search:
        """Return the objects of the cluster that carry the marks of a source; see `search`."""
        return await search(self._kube, source, scope)

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
        resource = await self._served(item)
        whole = may_own_volumes(item.id)
        found = await self._kube.get(
            resource, item.id.name, item.id.namespace or None, metadata_only=not whole
        )
        metadata = found["metadata"]
        return Fact(
            uid=metadata["uid"],
            annotations=metadata.get("annotations") or {},
            mark=(metadata.get("labels") or {}).get(MARK, ""),
            ours=our_entry(metadata) is not None,
            owned=bool(metadata.get("ownerReferences")),
            deleting="deletionTimestamp" in metadata,
            volumes=await volumes_of(self._kube, item.id, found) if whole else "",
            resource=resource,
        )

    async def _served(self, item: Item) -> Resource:
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

    async def _delete(self, item: Item, fact: Fact) -> Fate:
        try:
            answer = await self._kube.delete(
                fact.resource or await self._served(item),
                item.id.name,
                item.id.namespace or None,
                uid=fact.uid,
                propagation="Background",
            )
        except NotFound:
            return item.id, None, False
        except ClusterUnavailable as error:
            await raise_if_gone(self._kube, error)
            return item.id, error, False
        except HelmwardError as error:
            return item.id, error, False
        return item.id, None, _is_held(answer)


def _is_held(answer: Mapping[str, Any]) -> bool:
    """Tell an object that is only marked as deleted from one that is gone."""
    return "deletionTimestamp" in (answer.get("metadata") or {})


async def _each(items: Sequence[Item], do: Callable[[Item], Awaitable[T]]) -> list[T]:
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
