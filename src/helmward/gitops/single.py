"""One object: what is there, and how it becomes what a step asks for.

Called by `apply`, which knows of order, of many and of failures; every
function here just raises.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from helmward.errors import Invalid, NotFound
from helmward.gitops import anew
from helmward.gitops.adopt import take_over
from helmward.gitops.cluster import Cluster
from helmward.gitops.fields import FIELD_MANAGER, fields_digest, our_entry
from helmward.gitops.plan import Step
from helmward.gitops.policies import Policy, is_forced, policy_of
from helmward.gitops.takeover import was_applied_by_client
from helmward.kube.resources import CRDS

ESTABLISHING: Final = 15.0
"""Seconds to wait until the API server serves the kinds of a new CRD."""
_LOOK: Final = 0.05
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What an apply has to know of the object that is there; nothing of its content."""

    exists: bool = False
    policy: Policy = Policy.ALWAYS
    """What its own annotations ask for."""
    foreign: bool = False
    """It was applied on the client's side since we applied it."""
    uid: str = ""
    version: str = ""
    stamp: tuple[str, str, str] = ("", "", "")


def what_is(live: Mapping[str, Any] | None) -> Found:
    """Return what there is to know of a live object, None being an absent one."""
    if live is None:
        return Found()
    metadata = live["metadata"]
    return Found(
        exists=True,
        policy=policy_of(live),
        foreign=was_applied_by_client(live),
        uid=metadata.get("uid", ""),
        version=metadata.get("resourceVersion", ""),
        stamp=stamp(metadata),
    )


def stamp(metadata: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what moves when an apply of ours changed something, and stays when it did not.

    The resourceVersion moves with every status update, so it does not serve;
    our own entry in managedFields moves with our changes alone.
    """
    entry = our_entry(metadata) or {}
    return metadata.get("uid", ""), entry.get("time", ""), fields_digest(metadata)


def leaves_alone(step: Step, found: Found) -> bool:
    """Whether the annotations, in git or of the live object, ask for no apply now."""
    policy = max(policy_of(step.manifest.object), found.policy)
    return policy is Policy.NEVER or (policy is Policy.ONCE and found.exists)


async def rehearse(cluster: Cluster, step: Step) -> Document:
    """Return what an apply would make of the object; nothing is written."""
    return await cluster.apply(
        step.object, field_manager=FIELD_MANAGER, force=True, dry_run=True, resource=step.resource
    )


async def bring(cluster: Cluster, step: Step, found: Found) -> Document:
    """Apply a step for good, take-over included, and return the object.

    Raises:
        Invalid: the API server refuses it; where a field is immutable, the
            message names the annotation that lets the object be made anew.
    """
    if found.foreign:
        await take_over(cluster, step)
    try:
        return await _apply(cluster, step)
    except Invalid as error:
        if not found.exists or not anew.is_immutable(error):
            raise
        if not is_forced(step.manifest.object):
            raise anew.advised(error) from error
    await anew.try_out(cluster, step)
    await anew.remove(cluster, step, found.uid)
    return await _apply(cluster, step)


async def await_served(cluster: Cluster, crd: str) -> None:
    """Wait until the API server serves a CRD; if it does not, the apply will tell."""
    with suppress(TimeoutError, NotFound):
        async with asyncio.timeout(ESTABLISHING):
            # A watch would cost more than the few looks this takes.
            while not _is_established(await cluster.get(CRDS, crd)):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)


async def _apply(cluster: Cluster, step: Step) -> Document:
    return await cluster.apply(
        step.object, field_manager=FIELD_MANAGER, force=True, resource=step.resource
    )


def _is_established(crd: Mapping[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Established" and c.get("status") == "True" for c in conditions)
