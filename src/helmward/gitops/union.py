"""Puts the paths of a repository together into one plan; pure.

Called by `loop`. An object belongs to the path that comes first in the
settings. A later path that defines it too does not get its newest commit in
force, for a commit counts as a whole; what it had before stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from helmward.errors import SourceRejected
from helmward.gitops.build import Manifest, ObjectId, listed
from helmward.gitops.paths import Standing, Version
from helmward.gitops.plan import Kind, Plan, Terms, make_plan, own_kinds
from helmward.kube.resources import Resource


@dataclass(frozen=True)
class Union:
    """One plan, and what became of each path."""

    plan: Plan
    owners: Mapping[ObjectId, str] = field(default_factory=dict)
    """The path that asks for each object."""
    spared: frozenset[ObjectId] = frozenset()
    """Objects that git has and that are not applied: they are not removed either."""
    commits: Mapping[str, str] = field(default_factory=dict)
    """The commit in force of each path that has one."""
    clashes: Mapping[str, SourceRejected] = field(default_factory=dict)
    """Why the newest commit of a path is not in force."""

    @property
    def asked(self) -> frozenset[ObjectId]:
        """Everything that git has."""
        return frozenset(self.owners) | self.spared


def union(
    standings: Sequence[Standing],
    kinds: Mapping[Kind, Resource],
    terms: Terms,
    taken: Mapping[ObjectId, str] | None = None,
) -> Union:
    """Return the plan of all paths; `taken` are objects of other repositories, with their names."""
    known = {**kinds, **_brought(standings)}
    joined = _Joined(known, terms, taken or {})
    for standing in standings:
        joined.add(standing)
    plan = joined.plan(joined.chosen)
    owners = {step.id: joined.owners[step.id] for step in plan.steps}
    return Union(plan, owners, _spared(plan), joined.commits, joined.clashes)


class _Joined:
    """The paths that were added so far."""

    def __init__(
        self, kinds: Mapping[Kind, Resource], terms: Terms, taken: Mapping[ObjectId, str]
    ) -> None:
        self._kinds, self._terms = kinds, terms
        self._places = {found: f"the repository {owner}" for found, owner in taken.items()}
        self.chosen: list[Manifest] = []
        self.owners: dict[ObjectId, str] = {}
        self.commits: dict[str, str] = {}
        self.clashes: dict[str, SourceRejected] = {}

    def add(self, standing: Standing) -> None:
        """Take the newest version of a path that goes together with what is there."""
        for version in standing.versions:
            try:
                found = self._placed(version)
                self._refuse_taken(found)
            except SourceRejected as error:
                self.clashes.setdefault(standing.path, error)
                continue
            self._places |= {one: manifest.place for one, manifest in found.items()}
            self.owners |= dict.fromkeys(found, standing.path)
            self.commits[standing.path] = version.commit
            self.chosen += version.manifests
            return

    def plan(self, manifests: Sequence[Manifest]) -> Plan:
        """Order manifests; see `make_plan`."""
        terms = self._terms
        return make_plan(
            manifests,
            self._kinds,
            terms.default_namespace,
            source=terms.source,
            scope=terms.scope,
        )

    def _placed(self, version: Version) -> dict[ObjectId, Manifest]:
        """Return the objects of a version by what they are called in the cluster."""
        return {step.id: step.manifest for step in self.plan(version.manifests).steps}

    def _refuse_taken(self, found: Mapping[ObjectId, Manifest]) -> None:
        faults = [
            f"{manifest.place}: {one} is also defined in {self._places[one]}"
            for one, manifest in found.items()
            if one in self._places
        ]
        if faults:
            raise SourceRejected(listed(faults))


def _brought(standings: Iterable[Standing]) -> dict[Kind, Resource]:
    """Return the kinds that CRDs of any path bring."""
    manifests = [one for s in standings for version in s.versions for one in version.manifests]
    return {kind: resource for kind, (resource, _) in own_kinds(manifests).items()}


def _spared(plan: Plan) -> frozenset[ObjectId]:
    """Return what is not applied, or of no known kind, by what it may be called.

    Whether it has a namespace is not known.
    """
    found = [one.id for one in (*plan.ignored, *(left.manifest for left in plan.left))]
    found += [step.id for step in plan.steps if step.resource is None]
    default = plan.terms.default_namespace
    filled = [replace(one, namespace=default) for one in found if not one.namespace]
    return frozenset((*found, *filled))
