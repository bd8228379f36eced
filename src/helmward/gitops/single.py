"""One object: what is there, and how it becomes what a step asks for.

Called by `apply`, which knows of order, of many and of failures; every
function here just raises.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from helmward.errors import Conflict, HelmwardError, Invalid, NotFound, TransientError
from helmward.gitops.cluster import Cluster
from helmward.gitops.fields import FIELD_MANAGER, fields_digest, our_entry
from helmward.gitops.plan import Step
from helmward.gitops.policies import FORCE, Policy, is_forced, policy_of
from helmward.gitops.takeover import patch, was_applied_by_client
from helmward.kube.client import JSON_PATCH
from helmward.kube.resources import CRDS, Resource

ESTABLISHING: Final = 15.0
"""Seconds to wait until the API server serves the kinds of a new CRD."""
GOING: Final = 30.0
"""Seconds to wait until an object that is to be made anew is gone."""
_LOOK: Final = 0.05
_ATTEMPTS: Final = 5
"""How often a take-over is tried while others write the same object."""
_IMMUTABLE: Final = re.compile(r"immutable|may not be changed|Forbidden: updates to \w+ spec for")

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


async def look_up(cluster: Cluster, step: Step) -> Document | None:
    """Return the live object of a step, None if there is none."""
    try:
        return await cluster.get(_resource(step), step.id.name, step.id.namespace or None)
    except NotFound:
        return None


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
        await _take_over(cluster, step)
    try:
        return await _apply(cluster, step)
    except Invalid as error:
        if not is_immutable(found, error):
            raise
        if not is_forced(step.manifest.object):
            raise advised(error) from error
    await _remove(cluster, step, found)
    return await _apply(cluster, step)


def is_immutable(found: Found, error: HelmwardError) -> bool:
    """Whether an object was refused because it exists already with another content."""
    return found.exists and isinstance(error, Invalid) and bool(_IMMUTABLE.search(str(error)))


def advised(error: Invalid) -> Invalid:
    """Return the error of an immutable field with what to do about it."""
    mended = Invalid(
        f"{error}; to have the object deleted and made anew, annotate it with {FORCE}: enabled"
    )
    mended.causes = error.causes
    return mended


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


async def _take_over(cluster: Cluster, step: Step) -> None:
    """Make ours what was applied on the client's side, whoever else writes meanwhile.

    Raises:
        Conflict: others write it all the time.
    """
    for attempt in range(_ATTEMPTS):
        live = await _with_owners(cluster, step)
        if live is None or not was_applied_by_client(live):
            return
        try:
            await cluster.patch(
                _resource(step),
                step.id.name,
                step.id.namespace or None,
                patch(live),
                content_type=JSON_PATCH,
                metadata_only=True,
            )
        except Conflict:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


async def _with_owners(cluster: Cluster, step: Step) -> Document | None:
    """Return the live object with its managedFields.

    An object older than those has none until something is applied: here
    nothing but its name is, so that all of it belongs to what came before.
    """
    live = await look_up(cluster, step)
    if live is None or live["metadata"].get("managedFields"):
        return live
    name = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
    bare = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": name}
    return await cluster.apply(
        bare, field_manager=FIELD_MANAGER, force=True, resource=step.resource
    )


async def _remove(cluster: Cluster, step: Step, found: Found) -> None:
    """Delete exactly the object that was found, and wait until it is gone.

    Raises:
        TransientError: its finalizers take their time.
    """
    name, namespace = step.id.name, step.id.namespace or None
    resource = _resource(step)
    try:
        async with asyncio.timeout(GOING):
            await cluster.delete(resource, name, namespace, uid=found.uid, propagation="Background")
            while await _is_there(cluster, step, found):  # noqa: ASYNC110 - a few looks
                await asyncio.sleep(_LOOK)
    except NotFound:
        return
    except TimeoutError:
        raise TransientError(
            f"{step.id} is to be made anew ({FORCE}), but its finalizers still hold it"
        ) from None


async def _is_there(cluster: Cluster, step: Step, found: Found) -> bool:
    name, namespace = step.id.name, step.id.namespace or None
    try:
        live = await cluster.get(_resource(step), name, namespace, metadata_only=True)
    except NotFound:
        return False
    return bool(live["metadata"].get("uid") == found.uid)


def _resource(step: Step) -> Resource:
    assert step.resource is not None, "who calls has looked up the kind"  # noqa: S101
    return step.resource


def _is_established(crd: Mapping[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Established" and c.get("status") == "True" for c in conditions)
