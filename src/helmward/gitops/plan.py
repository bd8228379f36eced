"""Puts manifests into the order in which the cluster can take them; pure.

Called by `loop`, after `scopes` has asked which kinds the cluster knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest, ObjectId, duplicates, listed
from helmward.kube.resources import Resource

Kind = tuple[str, str]
"""`apiVersion` and `kind`."""

LAST: Final = 4

RANKS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("Namespace",), 0),
    **dict.fromkeys(("CustomResourceDefinition", "ServiceAccount", "ClusterRole", "Role"), 1),
    **dict.fromkeys(("PersistentVolume", "Service"), 1),
    **dict.fromkeys(("ResourceQuota", "LimitRange", "Secret", "ConfigMap"), 2),
    **dict.fromkeys(("RoleBinding", "ClusterRoleBinding"), 2),
    **dict.fromkeys(("PersistentVolumeClaim", "Ingress"), 2),
    **dict.fromkeys(("DaemonSet", "Deployment", "ReplicationController", "ReplicaSet"), 3),
    **dict.fromkeys(("Job", "CronJob", "StatefulSet"), 3),
}
"""Flux's ranks: nothing needs a kind of a higher rank. All other kinds come last."""

_BUILT_IN: Final = ("", "apps", "batch", "extensions")
_SERVERS_OWN: Final = frozenset(
    ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
)
"""Fields of metadata that only the API server writes; exported files carry them."""


@dataclass(frozen=True)
class Step:
    """One object to apply."""

    manifest: Manifest
    id: ObjectId
    object: Mapping[str, Any]
    resource: Resource | None = None
    """None: the cluster does not know the kind (yet)."""
    defined_by: str = ""
    """The CRD of the same commit that brings the kind."""


@dataclass(frozen=True)
class Plan:
    """All of a commit: stages one after the other, steps of one stage in any order."""

    stages: tuple[tuple[Step, ...], ...] = ()
    ignored: tuple[Manifest, ...] = ()

    @property
    def steps(self) -> Iterator[Step]:
        """Every step in order."""
        return (step for stage in self.stages for step in stage)


def make_plan(
    manifests: Sequence[Manifest], kinds: Mapping[Kind, Resource], default_namespace: str
) -> Plan:
    """Order the manifests; `kinds` are those that the cluster knows.

    Kinds that a CRD among the manifests brings count as known.

    Raises:
        SourceRejected: two manifests turn out to be one object, once the
            default namespace is filled in.
    """
    wanted = [manifest for manifest in manifests if not manifest.ignored]
    own = own_kinds(wanted)
    steps = []
    for manifest in wanted:
        resource, crd = own.get(kind_of(manifest)) or (kinds.get(kind_of(manifest)), "")
        steps.append(placed(Step(manifest, manifest.id, {}, resource, crd), default_namespace))
    if twice := duplicates(replace(step.manifest, id=step.id) for step in steps):
        raise SourceRejected(listed(twice))
    ignored = tuple(manifest for manifest in manifests if manifest.ignored)
    return Plan(tuple(_stages(steps)), ignored)


def kind_of(manifest: Manifest) -> Kind:
    """Return what the cluster is asked for to find the manifest's kind."""
    return manifest.api_version, manifest.id.kind


def placed(step: Step, default_namespace: str) -> Step:
    """Return the step with the namespace that the kind's scope asks for."""
    written = step.manifest.object["metadata"]
    metadata = {key: value for key, value in written.items() if key not in _SERVERS_OWN}
    namespace = step.id.namespace
    if step.resource is not None:
        namespace = (namespace or default_namespace) if step.resource.namespaced else ""
        metadata.pop("namespace", None)
    if namespace:
        metadata["namespace"] = namespace
    return replace(
        step,
        id=replace(step.id, namespace=namespace),
        object={**step.manifest.object, "metadata": metadata},
    )


def own_kinds(manifests: Sequence[Manifest]) -> dict[Kind, tuple[Resource, str]]:
    """Return the kinds that CRDs among the manifests bring, each with its CRD's name."""
    own: dict[Kind, tuple[Resource, str]] = {}
    for manifest in manifests:
        if manifest.id.kind == "CustomResourceDefinition":
            for resource in _brought(manifest.object.get("spec")):
                own[resource.api_version, resource.kind] = resource, manifest.id.name
    return own


def _brought(spec: Any) -> Iterator[Resource]:
    """Read a CRD's spec; one that is broken brings nothing, the API server will say why."""
    try:
        names, scoped = spec["names"], spec["scope"] == "Namespaced"
        versions = [version["name"] for version in spec["versions"] if version["served"]]
        for version in versions:
            yield Resource(spec["group"], version, names["plural"], names["kind"], scoped)
    except (KeyError, TypeError):
        return


def _stages(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    for _, stage in groupby(sorted(steps, key=_order), key=lambda step: _rank(step.id)):
        yield tuple(stage)


def _order(step: Step) -> tuple[int, str, ObjectId]:
    return _rank(step.id), step.id.name, step.id


def _rank(found: ObjectId) -> int:
    """Return the rank; a custom kind comes last, even if it is called Service."""
    built_in = found.group in _BUILT_IN or found.group.endswith(".k8s.io")
    return RANKS.get(found.kind, LAST) if built_in else LAST
