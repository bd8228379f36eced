"""What an object of the cluster is, as far as its removal asks; pure.

Found out by `remove`, weighed by `prune` and `brake`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from helmward.errors import HelmwardError
from helmward.gitops.build import ObjectId
from helmward.gitops.plan import is_built_in
from helmward.kube.resources import Resource

HELM_RELEASES: Final = frozenset(("flux.weave.works", "helm.fluxcd.io", "helm.toolkit.fluxcd.io"))
"""The groups of HelmReleases."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What an object is now."""

    uid: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    """Its label of Flux v1; empty without one."""
    ours: bool = False
    """Whether a field of it is ours."""
    owned: bool = False
    """Whether it has ownerReferences."""
    deleting: bool = False
    """Whether a deletion was asked for, which finalizers hold up."""
    volumes: str = ""
    """PersistentVolumeClaims that go with it."""
    trouble: HelmwardError | None = None
    """Why it could not be looked at; nothing else is known then."""
    resource: Resource | None = None
    """Where the API server has it."""


Facts = Mapping[ObjectId, Fact]
"""Of the objects that are there, or of which that is not known."""

Called = tuple[str, str, str]
"""Kind, namespace and name, whatever the group."""


def called(found: ObjectId) -> Called:
    """Return what an object is called without its group."""
    return found.kind, found.namespace, found.name


def is_served_twice(found: ObjectId) -> bool:
    """Whether the same name in another group of the API may be the same object.

    Kinds of Kubernetes itself have moved from one group to another, such as
    Ingress, and for a time were served by both: one object, two ids.
    """
    return is_built_in(found.group)


def is_helm_release(found: ObjectId) -> bool:
    """Whether it is a HelmRelease, of any generation."""
    return found.kind == "HelmRelease" and found.group in HELM_RELEASES


def is_namespace(found: ObjectId) -> bool:
    """Whether it is a namespace."""
    return (found.group, found.kind) == ("", "Namespace")


def is_definition(found: ObjectId) -> bool:
    """Whether it defines kinds."""
    return found.kind == "CustomResourceDefinition"


Whole = tuple[str, str]
"""A namespace, or a group of kinds, by its name."""


def takes_along(found: ObjectId) -> Whole | None:
    """Return what all of goes when an object goes; None where it goes alone."""
    if is_namespace(found):
        return "namespace", found.name
    return ("group", found.name.partition(".")[2]) if is_definition(found) else None


def goes_with(found: ObjectId) -> tuple[Whole, ...]:
    """Return what an object is a part of."""
    return ("namespace", found.namespace), ("group", found.group)
