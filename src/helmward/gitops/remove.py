"""Deletes what is to go, after it was looked at.

Called by `loop`; what goes, `prune` decides. What is not deleted is left for
the next time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import raise_if_gone
from helmward.gitops.facts import Fact, Facts
from helmward.gitops.inventory import Item
from helmward.gitops.look import Looker, each
from helmward.gitops.plan import rank
from helmward.gitops.report import Refusal
from helmward.gitops.scope import Scope
from helmward.gitops.search import Search, search
from helmward.kube import Kube

NOWHERE: Final = "to be removed"
"""Said where others are said to be written: git does not have it any more."""

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
        self._looker = Looker(kube)

    async def facts(self, items: Sequence[Item]) -> dict[ObjectId, Fact]:
        """Return what the objects are now; see `Looker.facts`."""
        return await self._looker.facts(items)

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
            fates += await each(list(stage), one)
        return Removed(
            tuple(found for found, error, _ in fates if error is None),
            frozenset(found for found, _, leaving in fates if leaving),
            {found: error for found, error, _ in fates if error is not None},
        )

    async def marked(self, source: str, scope: Scope) -> Search:
        """Return the objects of the cluster that carry the marks of a source; see `search`."""
        return await search(self._kube, source, scope)

    async def _delete(self, item: Item, fact: Fact) -> Fate:
        try:
            answer = await self._kube.delete(
                fact.resource or await self._looker.served(item),
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
