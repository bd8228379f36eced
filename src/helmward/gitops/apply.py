"""Brings a plan into the cluster by server-side apply, or rehearses it.

Called by `loop`. One refused object does not hold up the others; a cluster
that is gone ends the sync. Does not decide when to try again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from helmward.errors import ClusterUnavailable, HelmwardError, Invalid, NamespaceUnready, NotFound
from helmward.gitops import anew, single
from helmward.gitops.build import ObjectId
from helmward.gitops.cluster import Cluster, look_up, raise_if_gone
from helmward.gitops.fields import fields_digest
from helmward.gitops.plan import Plan, Step, Terms, kind_of, placed
from helmward.gitops.policies import Policy, is_forced, policy_of, wrong
from helmward.gitops.rehearsal import Change, Rehearsal, Verb, changes_nothing
from helmward.gitops.report import Refusal
from helmward.gitops.single import Document, Found
from helmward.gitops.stored import without_note

IN_FLIGHT: Final = 8
_NO_REHEARSAL: Final = "does not support dry run"
"""What the API server says of a webhook that would act on a rehearsal as well."""

T = TypeVar("T")


class OnApplied(Protocol):
    """Who listens to objects that were applied."""

    def __call__(self, found: ObjectId, *, changed: bool, healed: bool) -> None:
        """Take note."""


@dataclass(frozen=True, slots=True)
class Applied:
    """An object that the API server took."""

    id: ObjectId
    changed: bool
    healed: bool
    created: bool = False
    fields: str = ""
    """Of our entry in its managedFields, as `Item.fields`."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that was left alone, because it or the settings ask for that."""

    id: ObjectId
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
    """Of the manifests that were applied."""
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
            change = await self._rehearse(step, coming)
            return change if documents else _without_documents(change)

        results: list[Change | Refusal] = []
        for stage in plan.stages:
            results += await self._all(_chosen(stage, only), one)
        return Rehearsal(
            tuple(result for result in results if isinstance(result, Change)),
            tuple(result for result in results if isinstance(result, Refusal)),
        )

    async def apply(self, plan: Plan, only: Collection[ObjectId] | None = None) -> Outcome:
        """Apply all steps in order, or those of the objects named.

        Raises:
            ClusterUnavailable: the API server is gone; the rest was left.
        """

        async def one(step: Step) -> Applied | Skipped:
            return await self._bring(step, plan.terms)

        results: list[Applied | Skipped | Refusal] = []
        self._waited.clear()
        for stage in plan.stages:
            done = await self._all(_chosen(stage, only), one)
            for refusal in (result for result in done if isinstance(result, Refusal)):
                self.on_refused(refusal)
            results += done
        self._found.clear()
        return Outcome(
            tuple(result for result in results if isinstance(result, Applied)),
            tuple(result for result in results if isinstance(result, Refusal)),
            tuple(result for result in results if isinstance(result, Skipped)),
        )

    def keep(self, plan: Plan) -> None:
        """Forget objects that the plan does not have."""
        ids = {step.id for step in plan.steps}
        self._digests = {found: digest for found, digest in self._digests.items() if found in ids}

    async def _all(
        self, steps: Sequence[Step], one: Callable[[Step], Awaitable[T]]
    ) -> list[T | Refusal]:
        """Do one thing with each of the steps, a few at a time, and keep their order."""
        results: dict[int, T | Refusal] = {}
        lost: list[ClusterUnavailable] = []
        line = enumerate(steps)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(steps))):
                group.create_task(self._worker(line, one, results, lost))
        if lost:
            raise lost[0]
        return [results[index] for index in range(len(steps))]

    async def _worker(
        self,
        line: Iterator[tuple[int, Step]],
        one: Callable[[Step], Awaitable[T]],
        results: dict[int, T | Refusal],
        lost: list[ClusterUnavailable],
    ) -> None:
        for index, step in line:
            try:
                results[index] = await self._tried(step, one)
            except ClusterUnavailable as error:
                lost.append(error)
            if lost:
                return

    async def _tried(self, step: Step, one: Callable[[Step], Awaitable[T]]) -> T | Refusal:
        try:
            if fault := wrong(step.manifest.object):
                raise Invalid(fault)
            return await one(step)
        except ClusterUnavailable as error:
            await raise_if_gone(self.cluster, error)
            return _refusal(step, error)
        except HelmwardError as error:
            return _refusal(step, error)

    async def _rehearse(self, step: Step, coming: Collection[str]) -> Change:
        """Say what an apply of a step would change.

        Most objects of a first sync are not there: so the dry run comes first.
        """
        if step.resource is None:
            return _change(step, Verb.LATER)
        try:
            merged = await self._dry_run(step)
        except NamespaceUnready:
            if step.id.namespace not in coming:
                raise
            return _change(step, Verb.LATER)
        except NotFound:
            if not step.defined_by:
                raise
            return _change(step, Verb.LATER)
        except Invalid as error:
            return await self._refused(step, error)
        if merged is not None and not merged["metadata"].get("resourceVersion"):
            return self._compared(step, None, merged)
        live = await look_up(self.cluster, step)
        return self._compared(step, live, merged)

    async def _dry_run(self, step: Step) -> Document | None:
        """Return what an apply would make of an object; None: only an apply can tell."""
        if policy_of(step.manifest.object) is Policy.ONCE:
            return None
        try:
            return await single.rehearse(self.cluster, step)
        except Invalid as error:
            if _NO_REHEARSAL not in str(error):
                raise
            return None

    async def _refused(self, step: Step, error: Invalid) -> Change:
        """Find out whether the API server would be asked at all, or could be made to agree."""
        live = await look_up(self.cluster, step)
        found = single.what_is(live)
        if single.leaves_alone(step, found):
            return self._compared(step, live, None)
        immutable = found.exists and anew.is_immutable(error)
        forced = immutable and is_forced(step.manifest.object)
        if forced:
            await anew.try_out(self.cluster, step)
        elif not found.foreign:
            raise anew.advised(error) if immutable else error
        self._found[step.id] = found
        return _change(step, Verb.CHANGE, live=live, anew=forced)

    def _compared(self, step: Step, live: Document | None, merged: Document | None) -> Change:
        found = single.what_is(live)
        if single.leaves_alone(step, found):
            fields = fields_digest(live["metadata"]) if live else ""
            return _change(step, Verb.IGNORED, fields=fields, live=live, merged=live)
        self._found[step.id] = found
        if live is None:
            return _change(step, Verb.CREATE, merged=merged)
        if merged is None or found.foreign or not changes_nothing(live, merged):
            return _change(step, Verb.CHANGE, live=live, merged=merged)
        fields = fields_digest(live["metadata"])
        return _change(step, Verb.NONE, fields=fields, live=live, merged=merged)

    async def _bring(self, step: Step, terms: Terms) -> Applied | Skipped:
        step = await self._known(step, terms)
        found = self._found.get(step.id)
        if found is None:
            found = single.what_is(await look_up(self.cluster, step))
        limited = terms.scope.objection(step.id, step.manifest.api_version)
        if limited or single.leaves_alone(step, found):
            return Skipped(step.id, found.stamp[-1])
        return self._taken(step, found, await single.bring(self.cluster, step, found))

    async def _known(self, step: Step, terms: Terms) -> Step:
        """Return the step with its kind, which may have come into the cluster since."""
        if step.defined_by and step.defined_by not in self._waited:
            await single.await_served(self.cluster, step.defined_by)
            self._waited.add(step.defined_by)
        if step.resource is not None:
            return step
        resource = await self.cluster.resource_for(*kind_of(step.manifest))
        return placed(Step(step.manifest, step.manifest.id, {}, resource), terms)

    def _taken(self, step: Step, found: Found, answer: Document) -> Applied:
        now = single.what_is(answer)
        same = self._digests.get(step.id) == step.manifest.digest
        self._digests[step.id] = step.manifest.digest
        # Our entry's time is that of a second, in which git may move twice.
        changed = now.stamp != found.stamp or (not same and now.version != found.version)
        healed = changed and same
        self.on_applied(step.id, changed=changed, healed=healed)
        return Applied(step.id, changed, healed, now.uid != found.uid, now.stamp[-1])


def _chosen(steps: Sequence[Step], only: Collection[ObjectId] | None) -> list[Step]:
    return [step for step in steps if only is None or step.id in only]


def _change(  # noqa: PLR0913 - a change's own fields
    step: Step,
    verb: Verb,
    *,
    fields: str = "",
    anew: bool = False,
    live: Document | None = None,
    merged: Document | None = None,
) -> Change:
    shown, planned = (without_note(one) if one else None for one in (live, merged))
    return Change(step.id, step.manifest.place, verb, fields, anew, shown, planned)


def _without_documents(change: Change) -> Change:
    return Change(change.id, change.place, change.verb, change.fields, change.anew)


def _refusal(step: Step, error: HelmwardError) -> Refusal:
    return Refusal(step.id, step.manifest.place, error.reason, str(error))
