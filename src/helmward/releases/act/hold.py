"""Hold and forget: the finalizer that keeps a HelmRelease until its release is gone."""

from collections.abc import Sequence
from typing import Any

import msgspec

from helmward.apis.generation import FINALIZER
from helmward.errors import Conflict, NotFound
from helmward.kube.meta import PartialObject
from helmward.kube.resources import SECRETS
from helmward.model import ORPHANED, Declared
from helmward.releases.act.hands import Hands, Task
from helmward.releases.storage import LABELS, revision_of


async def hold(hands: Hands, declared: Declared) -> None:
    """Put the finalizer on, before the first write to the cluster.

    Server-side apply of this one entry: no version is needed, other finalizers
    stay, and the uid keeps a resource that is gone from being made again.
    """
    if FINALIZER not in declared.finalizers:
        await _apply(hands, declared, [FINALIZER])


async def forget(hands: Hands, task: Task) -> None:
    """Take the finalizer away; a resource that is gone already is a success.

    Raises:
        Conflict: there is a release that would be left behind, and no watch has
            told of it yet: an engine that was killed had claimed it.
    """
    declared = task.declared
    if FINALIZER not in declared.finalizers:
        return
    if not (task.observed.kind_is_going or task.desired.commands.suspend or task.emptied):
        await _nothing_is_left(hands, task)
    if declared.gone:
        return
    if task.desired.commands.suspend:
        await _unmark_orphan(hands, task)
    try:
        await _apply(hands, declared, [])
    except (Conflict, NotFound):
        # The uid no longer matches: gone, or gone and made anew.
        return


async def _nothing_is_left(hands: Hands, task: Task) -> None:
    """Ask the API server itself: what is let go of now, nobody looks at again."""
    release, owner = task.desired.release, task.desired.key.owner
    found, _ = await hands.kube.list(
        SECRETS,
        release.namespace,
        label_selector=f"{LABELS},name={release.name}",
        metadata_only=True,
    )
    revisions = [revision_of(msgspec.convert(one, PartialObject)) for one in found]
    newest = max(revisions, key=lambda one: one.number, default=None)
    if newest and newest.owner == owner:
        raise Conflict(f"release {release} is not gone yet: revision {newest.number} is there")


async def _unmark_orphan(hands: Hands, task: Task) -> None:
    """Take back that a release is to go which a later HelmRelease leaves as it is."""
    newest = task.observed.newest
    if newest and newest.orphaned and newest.owner == task.desired.key.owner:
        await hands.engine.annotate(
            newest.release, base=newest.base, annotations={ORPHANED: ""}, writer=hands.writer
        )


async def _apply(hands: Hands, declared: Declared, finalizers: Sequence[str]) -> None:
    resource = hands.generation.resource
    metadata: dict[str, Any] = {
        "name": declared.key.name,
        "namespace": declared.key.namespace,
        "uid": declared.uid,
    }
    if finalizers:
        metadata["finalizers"] = list(finalizers)
    document = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
    }
    await hands.kube.apply(document, field_manager="helmward-finalizer", resource=resource)
