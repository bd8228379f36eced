"""Hold and forget: the finalizer that keeps a HelmRelease until its release is gone."""

from collections.abc import Sequence
from typing import Any

from helmward.apis.generation import FINALIZER
from helmward.errors import Conflict, NotFound
from helmward.model import Declared
from helmward.releases.act.hands import Hands


async def hold(hands: Hands, declared: Declared) -> None:
    """Put the finalizer on, before the first write to the cluster.

    Server-side apply of this one entry: no version is needed, other finalizers
    stay, and the uid keeps a resource that is gone from being made again.
    """
    if FINALIZER not in declared.finalizers:
        await _apply(hands, declared, [FINALIZER])


async def forget(hands: Hands, declared: Declared) -> None:
    """Take the finalizer away; a resource that is gone already is a success."""
    if FINALIZER not in declared.finalizers:
        return
    try:
        await _apply(hands, declared, [])
    except (Conflict, NotFound):
        # The uid no longer matches: gone, or gone and made anew.
        return


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
