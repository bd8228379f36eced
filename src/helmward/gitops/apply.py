"""Brings a plan into the cluster by server-side apply, or rehearses it.

Called by `loop`. One refused object does not hold up the others; a cluster
that is gone ends the sync. Does not decide when to try again.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from helmward.errors import HelmwardError
from helmward.gitops import single
from helmward.gitops.build import Manifest, ObjectId
from helmward.gitops.cluster import Cluster, find_kinds, look_up
from helmward.gitops.each import each
from helmward.gitops.inventory import Inventory
from helmward.gitops.plan import Plan, Step, Terms, kind_of, placed
from helmward.gitops.rehearsal import Change, Rehearsal
from helmward.gitops.report import Refusal
from helmward.gitops.scope import Scope
from helmward.gitops.single import Document, Found
from helmward.gitops.trial import try_step
from helmward.kube.resources import Resource


class OnApplied(Protocol):
    """Who listens to objects that were applied."""

    def __call__(self, found: ObjectId, *, changed: bool, healed: bool) -> None:
        """Take note."""


@dataclass(frozen=True, slots=True)
class Applied:
    """An object that the API server took."""

    id: ObjectId
    manifest: Manifest
    changed: bool
    healed: bool
    created: bool = False
    fields: str = ""
    """Of our entry in its managedFields, as `Item.fields`."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that was left alone, because it or the settings ask for that."""

    id: ObjectId
    manifest: Manifest
    fields: str = ""
    """As `Applied.fields`, of an apply that was earlier."""


@dataclass(frozen=True)
class Outcome:
    """What became of the steps."""

    applied: tuple[Applied, ...] = ()
    refused: tuple[Refusal, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass
class Applier:
    """Applies plans, and remembers of each object what tells a healed one from the rest."""

    cluster: Cluster
    on_applied: OnApplied
    on_refused: Callable[[Refusal], Any]
    _digests: dict[ObjectId, str] = field(default_factory=dict)
    """Of the manifests that were applied, or how they begin."""
    _found: dict[ObjectId, Found] = field(default_factory=dict)
    """What the last rehearsal found, for the apply that follows it."""
    _waited: set[str] = field(default_factory=set)
    """CRDs that were waited for in this sync; one that is broken costs the wait once."""

    async def rehearse(
        self, plan: Plan, only: Collection[ObjectId] | None = None, *, documents: bool = False
    ) -> Rehearsal:
        """Say what an apply of the steps would change; nothing is written.

        With `documents` each change has the object as it is and as it would
        be, Secrets included. A rehearsal tells nobody of refusals: what the
        API server would refuse is not to be sent.

        Raises:
            ClusterUnavailable: the API server is gone.
        """
        self._found.clear()
        coming = {step.id.name for step in plan.steps if step.id.kind == "Namespace"}

        async def one(step: Step) -> Change:
            change, found = await try_step(self.cluster, step, coming)
            if found is not None:
                self._found[step.id] = found
            return change if documents else _without_documents(change)

        results: list[Change | Refusal] = []
        for stage in plan.stages:
            results += await each(self.cluster, _chosen(stage, only), one)
        return Rehearsal(
            tuple(result for result in results if isinstance(result, Change)),
            tuple(result for result in results if isinstance(result, Refusal)),
        )

    async def apply(self, plan: Plan, only: Collection[ObjectId] | None = None) -> Outcome:
        """Apply all steps in order, or those of the objects named.

        Raises:
            ClusterUnavailable: the API server is gone; the rest was left.
        """
        results: list[Applied | Skipped | Refusal] = []
        self._waited.clear()
        for stage in plan.stages:
            done = await self._stage(_chosen(stage, only), plan.terms)
            for refusal in (result for result in done if isinstance(result, Refusal)):
                self.on_refused(refusal)
            results += done
        self._found.clear()
        return Outcome(
            tuple(result for result in results if isinstance(result, Applied)),
            tuple(result for result in results if isinstance(result, Refusal)),
            tuple(result for result in results if isinstance(result, Skipped)),
        )

    def recall(self, known: Inventory) -> None:
        """Learn after a restart what was applied before it."""
        self._digests = {found: item.digest for found, item in known.items() if item.digest}

    def keep(self, plan: Plan) -> None:
        """Forget objects that the plan does not have."""
        ids = {step.id for step in plan.steps}
        self._digests = {found: digest for found, digest in self._digests.items() if found in ids}

    async def _stage(
        self, steps: Sequence[Step], terms: Terms
    ) -> list[Applied | Skipped | Refusal]:
        """Apply steps in any order; kinds may have come into the cluster since the plan."""
        unknown = {kind_of(step.manifest) for step in steps if step.resource is None}
        kinds = await find_kinds(self.cluster, unknown)

        async def one(step: Step) -> Applied | Skipped:
            if step.resource is None:
                step = _with_kind(step, kinds[kind_of(step.manifest)], terms)
            return await self._bring(step, terms.scope)

        return await each(self.cluster, steps, one)

    async def _bring(self, step: Step, scope: Scope) -> Applied | Skipped:
        await self._await_kind(step)
        found = self._found.get(step.id)
        if found is None:
            found = single.what_is(await look_up(self.cluster, step))
        limited = scope.objection(step.id, step.manifest.api_version)
        if limited or single.leaves_alone(step, found):
            return Skipped(step.id, step.manifest, found.stamp[-1])
        return self._taken(step, found, await single.bring(self.cluster, step, found))

    async def _await_kind(self, step: Step) -> None:
        if step.defined_by and step.defined_by not in self._waited:
            await single.await_served(self.cluster, step.defined_by)
            self._waited.add(step.defined_by)

    def _taken(self, step: Step, found: Found, answer: Document) -> Applied:
        now = single.what_is(answer)
        before = self._digests.get(step.id, "")
        same = bool(before) and step.manifest.digest.startswith(before)
        self._digests[step.id] = step.manifest.digest
        # Our entry's time is that of a second, in which git may move twice.
        changed = now.stamp != found.stamp or (not same and now.version != found.version)
        healed = changed and same
        self.on_applied(step.id, changed=changed, healed=healed)
        created = now.uid != found.uid
        return Applied(step.id, step.manifest, changed, healed, created, now.stamp[-1])


def _chosen(steps: Sequence[Step], only: Collection[ObjectId] | None) -> list[Step]:
    return [step for step in steps if only is None or step.id in only]


def _with_kind(step: Step, kind: Resource | HelmwardError, terms: Terms) -> Step:
    """Return a step of a plan that was made before its kind was known."""
    if isinstance(kind, HelmwardError):
        raise kind
    return placed(Step(step.manifest, step.manifest.id, {}, kind), terms)


def _without_documents(change: Change) -> Change:
    return Change(change.id, change.place, change.verb, change.fields, change.anew)
