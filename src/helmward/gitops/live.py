"""Which objects are no longer as they were applied: gone, or changed by somebody.

Called by `loop` at each sync interval. Costs one list of metadata a kind,
however many objects there are, and reads no object's content.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from helmward.errors import AccessDenied, ClusterUnavailable, HelmwardError
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import Cluster, raise_if_gone
from helmward.gitops.fields import fields_digest
from helmward.gitops.inventory import Inventory
from helmward.gitops.marks import MARK
from helmward.gitops.plan import Plan, Step
from helmward.gitops.policies import Policy, policy_of
from helmward.kube.listing import Selection
from helmward.kube.resources import Resource

_EVERYWHERE: Final = (None,)

Place = tuple[str, str]
"""Namespace and name."""


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    annotations: dict[str, str] = {}
    managed_fields: list[dict[str, Any]] = []


class _Marked(msgspec.Struct, frozen=True):
    metadata: _Metadata


_read = msgspec.json.Decoder(_Marked).decode


async def look(cluster: Cluster, plan: Plan, known: Inventory) -> frozenset[ObjectId]:
    """Name the objects of the plan that have to be applied again.

    An object is as it was applied as long as our entry in its managedFields
    is: the API server takes a field out of it as soon as somebody else gives
    the field another value, removes it, or deletes the object and makes it
    anew; through whatever door (edit, scale, apply). What others add, and
    what controllers write into the status, leaves the entry as it is.

    Objects that were never applied are named; those whose own annotations ask
    to be left alone are not. What may not be listed is named: an apply that
    changes nothing is no write.

    Raises:
        ClusterUnavailable: the API server is gone.
    """
    named: set[ObjectId] = set()
    for resource, steps in _by_resource(plan):
        named |= await _changed(cluster, resource, steps, plan, known)
    return frozenset(named)


def _by_resource(plan: Plan) -> Iterator[tuple[Resource | None, list[Step]]]:
    def kind(step: Step) -> tuple[str, ...]:
        found = step.resource
        return (found.group, found.version, found.plural) if found else ()

    for _, steps in groupby(sorted(plan.steps, key=kind), key=kind):
        group = list(steps)
        yield group[0].resource, group


async def _changed(
    cluster: Cluster, resource: Resource | None, steps: Sequence[Step], plan: Plan, known: Inventory
) -> set[ObjectId]:
    everything = {step.id for step in steps}
    if resource is None:
        return everything
    try:
        found = await _listed(cluster, resource, steps, plan)
    except ClusterUnavailable as error:
        await raise_if_gone(cluster, error)
        return everything
    except HelmwardError:
        return everything
    return {step.id for step in steps if _is_changed(step, found, known)}


def _is_changed(step: Step, found: Mapping[Place, str | None], known: Inventory) -> bool:
    place = step.id.namespace, step.id.name
    if place not in found:
        return True
    fields = found[place]
    if fields is None or policy_of(step.manifest.object) is Policy.ONCE:
        return False
    item = known.get(step.id)
    return item is None or not item.fields or item.fields != fields


async def _listed(
    cluster: Cluster, resource: Resource, steps: Sequence[Step], plan: Plan
) -> dict[Place, str | None]:
    """Return the digest of our fields of each object, None for one to be left alone."""
    namespaces = sorted({step.id.namespace for step in steps})
    if not resource.namespaced or not plan.terms.scope.namespaces:
        try:
            return await _in(cluster, resource, _EVERYWHERE, plan)
        except AccessDenied:
            if not resource.namespaced:
                raise
    return await _in(cluster, resource, namespaces, plan)


async def _in(
    cluster: Cluster, resource: Resource, namespaces: Collection[str | None], plan: Plan
) -> dict[Place, str | None]:
    found: dict[Place, str | None] = {}
    for namespace in namespaces:
        label = MARK if plan.terms.source else ""
        selection = Selection(resource, namespace, label, metadata_only=True)
        items, _ = await cluster.list_raw(selection)
        found |= dict(_digest(item) for item in items)
    return found


def _digest(item: msgspec.Raw) -> tuple[Place, str | None]:
    metadata = _read(item).metadata
    place = metadata.namespace, metadata.name
    if policy_of({"metadata": {"annotations": metadata.annotations}}) is not Policy.ALWAYS:
        return place, None
    return place, fields_digest({"managedFields": metadata.managed_fields})
