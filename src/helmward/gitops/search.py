"""Finds the objects of a cluster that carry the marks of a repository.

Called by `remove` when there is no record: it was lost, or Flux v1 was here
before. Costs one list of metadata a kind, once.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import raise_if_gone
from helmward.gitops.fates import NEVER
from helmward.gitops.inventory import Item
from helmward.gitops.marks import MARK, mark_of
from helmward.gitops.scope import Scope
from helmward.kube import Kube
from helmward.kube.listing import Selection
from helmward.kube.meta import decode_partial
from helmward.kube.resources import Resource

_NEEDED: Final = frozenset(("list", "delete"))

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Search:
    """What was found."""

    items: tuple[Item, ...] = ()
    missed: tuple[str, ...] = ()
    """Kinds, or groups of them, that could not be looked at: it is to be searched again."""


async def search(kube: Kube, source: str, scope: Scope) -> Search:
    """Return the objects whose mark is the one that the source gives them.

    Only kinds that can be listed and deleted are looked at, and only what the
    scope allows. What has owners is theirs: its mark was copied. What cannot be
    looked at is left out and named, in a log line as well.

    Raises:
        ClusterUnavailable: the API server is gone.
    """
    search = _Searching(kube, source, scope)
    await search.everywhere()
    return Search(tuple(search.items.values()), tuple(search.missed))


class _Searching:
    """One search, as far as it has come."""

    def __init__(self, kube: Kube, source: str, scope: Scope) -> None:
        self._kube = kube
        self._source = source
        self._scope = scope
        self.items: dict[ObjectId, Item] = {}
        self.missed: list[str] = []

    async def everywhere(self) -> None:
        """Look at every kind, in the version that its group prefers of those that have it."""
        seen: set[tuple[str, str]] = set()
        for version in await self._versions():
            for resource in await self._kinds(version):
                kind = resource.group, resource.kind
                if kind not in seen and self._is_wanted(resource):
                    seen.add(kind)
                    await self._take(resource)

    def _is_wanted(self, resource: Resource) -> bool:
        return resource.kind not in NEVER and self._scope.has_kind(
            resource.api_version, resource.kind
        )

    async def _versions(self) -> Sequence[str]:
        """Return all versions of all groups, of each group the preferred one first."""
        groups = msgspec.json.decode(await self._kube.raw("GET", "/apis")).get("groups") or []
        versions = ["v1"]
        for group in groups:
            first = group["preferredVersion"]["groupVersion"]
            others = [one["groupVersion"] for one in group["versions"]]
            versions += [first, *(one for one in others if one != first)]
        return versions

    async def _kinds(self, version: str) -> Sequence[Resource]:
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        try:
            return list(_resources(version, msgspec.json.decode(await self._kube.raw("GET", path))))
        except NotFound:
            return ()
        except HelmwardError as error:
            await self._miss(version, error)
            return ()

    async def _take(self, resource: Resource) -> None:
        try:
            async for item in self._listed(resource):
                self.items[item.id] = item
        except NotFound:
            return
        except HelmwardError as error:
            await self._miss(str(resource), error)

    async def _listed(self, resource: Resource) -> AsyncIterator[Item]:
        limited: Collection[str] = self._scope.namespaces if resource.namespaced else ()
        for namespace in limited or (None,):
            selection = Selection(resource, namespace, MARK, metadata_only=True)
            listed, _ = await self._kube.list_raw(selection)
            for item in self._marked(resource, listed):
                yield item

    def _marked(self, resource: Resource, listed: Iterable[msgspec.Raw]) -> Iterator[Item]:
        for raw in listed:
            meta = decode_partial(raw).metadata
            found = ObjectId(resource.group, resource.kind, meta.namespace, meta.name)
            ours = meta.labels.get(MARK) == mark_of(self._source, found)
            if ours and not meta.owner_references:
                yield Item(found, resource.version, found=True)

    async def _miss(self, what: str, error: HelmwardError) -> None:
        if isinstance(error, ClusterUnavailable):
            await raise_if_gone(self._kube, error)
        self.missed.append(what)
        log.warning("not searched for objects of the repository", kind=what, error=str(error))


def _resources(version: str, body: Mapping[str, Any]) -> Iterator[Resource]:
    group, _, name = version.rpartition("/")
    for one in body.get("resources") or []:
        if "/" not in one["name"] and set(one.get("verbs") or ()) >= _NEEDED:
            yield Resource(group, name, one["name"], one["kind"], bool(one["namespaced"]))
