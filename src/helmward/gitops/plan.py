"""Puts manifests into the order in which the cluster can take them; pure.

Called by `loop`, after `known_kinds` has asked which kinds the cluster knows.
What is here to stay out of the cluster (annotations, limits of the settings)
is told apart here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest, ObjectId, duplicates, listed
from helmward.gitops.marks import checksum_of, marked
from helmward.gitops.policies import Policy, policy_of
from helmward.gitops.scope import EVERYTHING, Scope
from helmward.gitops.stored import storable
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


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all objects of a plan."""

    default_namespace: str
    source: str = ""
    """What the marks of Flux v1 are made from (`marks.source_of`); empty: no marks."""
    scope: Scope = EVERYTHING


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
class Left:
    """A manifest that the limits of the settings leave out."""

    manifest: Manifest
    why: str

    def __str__(self) -> str:
        """Read with the place first, as compilers do."""
        return f"{self.manifest.place}: {self.manifest.id} is left out: {self.why}"


@dataclass(frozen=True)
class Plan:
    """All of a commit: stages one after the other, steps of one stage in any order."""

    stages: tuple[tuple[Step, ...], ...] = ()
    ignored: tuple[Manifest, ...] = ()
    left: tuple[Left, ...] = ()
    terms: Terms = Terms("default")

    @property
    def steps(self) -> Iterator[Step]:
        """Every step in order."""
        return (step for stage in self.stages for step in stage)

    @property
    def complete(self) -> bool:
        """Whether every kind was known: else a plan that is made later may know more.

        Of a kind that is unknown nobody can say whether it has namespaces, so
        the names of its objects are not yet those that they have in the cluster.
        """
        return all(step.resource is not None for step in self.steps)


def make_plan(
    manifests: Sequence[Manifest],
    kinds: Mapping[Kind, Resource],
    default_namespace: str,
    *,
    source: str = "",
    scope: Scope = EVERYTHING,
) -> Plan:
    """Order the manifests; `kinds` are those that the cluster knows.

    Kinds that a CRD among the manifests brings count as known.

    Raises:
        SourceRejected: two manifests turn out to be one object, once the
            default namespace is filled in.
    """
    terms = Terms(default_namespace, source, scope)
    wanted = [manifest for manifest in manifests if not is_ignored(manifest)]
    steps = _placed_steps(wanted, kinds, terms)
    if len({step.id for step in steps}) < len(steps):
        twice = duplicates(replace(step.manifest, id=step.id) for step in steps)
        raise SourceRejected(listed(twice))
    objections = [(step, scope.objection(step.id, step.manifest.api_version)) for step in steps]
    left = tuple(Left(step.manifest, why) for step, why in objections if why)
    ignored = tuple(manifest for manifest in manifests if is_ignored(manifest))
    stages = tuple(_stages([step for step, why in objections if not why]))
    return Plan(stages, ignored, left, terms)


def is_ignored(manifest: Manifest) -> bool:
    """Whether the manifest itself asks to leave the object alone."""
    return policy_of(manifest.object) is Policy.NEVER


def _placed_steps(
    manifests: Sequence[Manifest], kinds: Mapping[Kind, Resource], terms: Terms
) -> list[Step]:
    own = own_kinds(manifests)
    steps = []
    for manifest in manifests:
        resource, crd = own.get(kind_of(manifest)) or (kinds.get(kind_of(manifest)), "")
        steps.append(placed(Step(manifest, manifest.id, {}, resource, crd), terms))
    return steps


def kind_of(manifest: Manifest) -> Kind:
    """Return what the cluster is asked for to find the manifest's kind."""
    return manifest.api_version, manifest.id.kind


def placed(step: Step, terms: Terms) -> Step:
    """Return the step with the namespace that the kind's scope asks for, and marked.

    Worked out once for each manifest, which outlives the commit.
    """
    known = step.manifest.remembered
    asked = (step.resource, step.defined_by, terms)
    if asked not in known:
        known.clear()
        known[asked] = _placed(step, terms)
    found: Step = known[asked]
    return found


def _placed(step: Step, terms: Terms) -> Step:
    obj = storable(step.manifest.object)
    namespace = step.id.namespace
    if step.resource is not None:
        namespace = (namespace or terms.default_namespace) if step.resource.namespaced else ""
        obj["metadata"].pop("namespace", None)
    if namespace:
        obj["metadata"]["namespace"] = namespace
    found = replace(step.id, namespace=namespace)
    if terms.source:
        obj = marked(obj, found, terms.source, checksum_of(step.manifest))
    return replace(step, id=found, object=obj)


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
    for _, stage in groupby(sorted(steps, key=_order), key=lambda step: rank(step.id)):
        yield tuple(stage)


def _order(step: Step) -> tuple[int, str, ObjectId]:
    return rank(step.id), step.id.name, step.id


def rank(found: ObjectId) -> int:
    """Return the rank of Flux; a custom kind comes last, even if it is called Service."""
    return RANKS.get(found.kind, LAST) if is_built_in(found.group) else LAST


def is_built_in(group: str) -> bool:
    """Whether a group of the API is one of Kubernetes itself."""
    return group in _BUILT_IN or group.endswith(".k8s.io")
