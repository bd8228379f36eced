"""Which HelmReleases of a commit are looked into, and with which ConfigMaps and Secrets.

Called by `look`; `releases` looks into each.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from helmward.apis import GENERATIONS
from helmward.gitops.build import ObjectId
from helmward.gitops.plan import Plan, Step
from helmward.gitops.prune import Removal
from helmward.gitops.rehearsal import Rehearsal, Verb
from helmward.kube import Kube
from helmward.kube.entries import ClusterEntries, Entries
from helmward.preview.findings import ReleaseChange
from helmward.preview.leaving import document, items
from helmward.preview.objects import Pair, pairs
from helmward.preview.overlay import Overlay
from helmward.preview.releases import Asked, Releases
from helmward.redaction import REDACTOR

AT_ONCE: Final = 4
SERVED: Final = frozenset(one.resource.group for one in GENERATIONS)
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Commit:
    """What is known of a commit before releases are looked into."""

    plan: Plan
    rehearsal: Rehearsal
    removal: Removal

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """What would be written."""
        return pairs(self.rehearsal, self.plan)

    @cached_property
    def documents(self) -> Mapping[ObjectId, Document]:
        """Every object as the commit would leave it, but for those that are left alone."""
        steps = {step.id: step for step in self.plan.steps}
        return {one.id: one.merged or steps[one.id].object for one in self.rehearsal.changes}

    @cached_property
    def names(self) -> frozenset[str]:
        """What changes and may be referred to."""
        going = (item.id.name for item in items(self.removal))
        return frozenset((*(pair.id.name for pair in self.pairs), *going))


async def rendered(kube: Kube, releases: Releases, commit: Commit) -> tuple[ReleaseChange, ...]:
    """Return what becomes of each release that something becomes of."""
    _keep_secret(commit.pairs)
    live = ClusterEntries(kube)
    entries = _entries(live, commit)
    gone = [item for item in items(commit.removal) if _is_release(item.id)]
    found = [one for item in gone if (one := await document(kube, item)) is not None]
    work: list[Awaitable[ReleaseChange | None]] = [
        *(releases.applied(Asked(one, former, entries, live)) for one, former in _touched(commit)),
        *(releases.removed(one) for one in found),
    ]
    return tuple(one for one in await _few_at_once(work) if one is not None)


def _touched(commit: Commit) -> Iterator[tuple[Document, Document | None]]:
    """Yield HelmReleases that change, and those that name something that does, as they were."""
    former = {one.id: one.live for one in commit.rehearsal.changes}
    ignored = {one.id for one in commit.rehearsal.changes if one.verb is Verb.IGNORED}
    written = {pair.id for pair in commit.pairs}
    for step in _releases(commit.plan):
        found = commit.documents.get(step.id)
        if found is None or step.id in ignored:
            continue
        if step.id in written or not commit.names.isdisjoint(_texts(found.get("spec"))):
            yield found, former[step.id]


def _releases(plan: Plan) -> Iterator[Step]:
    return (step for step in plan.steps if _is_release(step.id))


def _is_release(found: ObjectId) -> bool:
    return found.kind == "HelmRelease" and found.group in SERVED


def _entries(live: Entries, commit: Commit) -> Entries:
    over = {_key(found): one for found, one in commit.documents.items() if _is_source(found)}
    gone = frozenset(_key(item.id) for item in commit.removal.objects if _is_source(item.id))
    return Overlay(live, over, gone)


def _is_source(found: ObjectId) -> bool:
    return not found.group and found.kind in {"ConfigMap", "Secret"}


def _key(found: ObjectId) -> tuple[str, str, str]:
    return found.kind, found.namespace, found.name


def _keep_secret(found: Iterable[Pair]) -> None:
    """Have masked what changed Secrets hold and held: releases were made with that."""
    for pair in found:
        known = (one for of in (pair.before, pair.after) for one in pair.secrets(of))
        REDACTOR.learn(str(pair.id), known)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a document."""
    ahead = [value]
    while ahead:
        match ahead.pop():
            case dict() as mapping:
                ahead.extend(mapping.values())
            case list() as listed:
                ahead.extend(listed)
            case str() as text:
                yield text


async def _few_at_once(
    work: Iterable[Awaitable[ReleaseChange | None]],
) -> list[ReleaseChange | None]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(waiting: Awaitable[ReleaseChange | None]) -> ReleaseChange | None:
        async with slots:
            return await waiting

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(each)) for each in work]
    return [task.result() for task in tasks]
