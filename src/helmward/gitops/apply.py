"""Sends a plan to the API server by server-side apply, and asks what kinds there are.

Called by `loop`. One refused object does not hold up the others; a cluster
that is gone ends the sync. Does not decide when to try again.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from helmward.errors import ClusterUnavailable, HelmwardError, NotFound
from helmward.gitops.build import Manifest, ObjectId
from helmward.gitops.plan import Kind, Plan, Step, kind_of, own_kinds, placed
from helmward.gitops.report import Refusal
from helmward.kube.resources import CRDS, Resource

FIELD_MANAGER: Final = "helmward-sync"
IN_FLIGHT: Final = 8
ESTABLISHING: Final = 15.0
"""Seconds to wait until the API server serves the kinds of a new CRD."""
_LOOK: Final = 0.05


class Cluster(Protocol):
    """What this room needs of `kube.Kube`."""

    async def apply(
        self,
        obj: Mapping[str, Any],
        *,
        field_manager: str,
        force: bool,
        resource: Resource | None,
    ) -> dict[str, Any]:
        """Create or update an object by server-side apply."""

    async def resource_for(self, api_version: str, kind: str) -> Resource:
        """Find a kind, or raise NotFound."""

    async def get(
        self, resource: Resource, name: str, namespace: str | None = None
    ) -> dict[str, Any]:
        """Return one object."""

    async def version(self) -> dict[str, Any]:
        """Return the server's version: shows whether it answers at all."""


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


@dataclass(frozen=True)
class Outcome:
    """What became of the steps."""

    applied: tuple[Applied, ...] = ()
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trace:
    """What the last apply of an object left: the manifest's digest, and when it took effect."""

    digest: str
    stamp: tuple[str, str]


async def known_kinds(cluster: Cluster, manifests: Sequence[Manifest]) -> dict[Kind, Resource]:
    """Return the kinds of the manifests that the cluster knows.

    Raises:
        ClusterUnavailable: the API server does not answer. If only one group
            of its kinds fails, those kinds count as unknown.
    """
    wanted = [manifest for manifest in manifests if not manifest.ignored]
    kinds = {}
    for kind in sorted({kind_of(manifest) for manifest in wanted} - own_kinds(wanted).keys()):
        try:
            kinds[kind] = await cluster.resource_for(*kind)
        except NotFound:
            continue
        except ClusterUnavailable as error:
            await _raise_if_gone(cluster, error)
    return kinds


@dataclass
class Applier:
    """Applies plans, and remembers of each object what tells a healed one from the rest."""

    cluster: Cluster
    default_namespace: str
    on_applied: OnApplied
    on_refused: Callable[[Refusal], Any]
    _traces: dict[ObjectId, _Trace] = field(default_factory=dict)
    _waited: set[str] = field(default_factory=set)
    """CRDs that were waited for in this sync; one that is broken costs the wait once."""

    async def apply(self, plan: Plan, only: Collection[ObjectId] | None = None) -> Outcome:
        """Apply all steps in order, or those of the objects named.

        Raises:
            ClusterUnavailable: the API server is gone; the rest was left.
        """
        results: list[Applied | Refusal] = []
        self._waited.clear()
        for stage in plan.stages:
            chosen = [step for step in stage if only is None or step.id in only]
            results += await self._stage(chosen)
        return Outcome(
            tuple(result for result in results if isinstance(result, Applied)),
            tuple(result for result in results if isinstance(result, Refusal)),
        )

    def keep(self, plan: Plan) -> None:
        """Forget objects that the plan does not have."""
        ids = {step.id for step in plan.steps}
        self._traces = {found: trace for found, trace in self._traces.items() if found in ids}

    async def _stage(self, steps: Sequence[Step]) -> list[Applied | Refusal]:
        results: dict[int, Applied | Refusal] = {}
        lost: list[ClusterUnavailable] = []
        line = enumerate(steps)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(steps))):
                group.create_task(self._worker(line, results, lost))
        if lost:
            raise lost[0]
        return [results[index] for index in range(len(steps))]

    async def _worker(
        self,
        line: Iterator[tuple[int, Step]],
        results: dict[int, Applied | Refusal],
        lost: list[ClusterUnavailable],
    ) -> None:
        for index, step in line:
            try:
                results[index] = await self._one(step)
            except ClusterUnavailable as error:
                lost.append(error)
            if lost:
                return

    async def _one(self, step: Step) -> Applied | Refusal:
        try:
            return await self._take(await self._known(step))
        except ClusterUnavailable as error:
            await _raise_if_gone(self.cluster, error)
            return self._refuse(step, error)
        except HelmwardError as error:
            return self._refuse(step, error)

    async def _known(self, step: Step) -> Step:
        """Return the step with its kind, which may have come into the cluster since."""
        if step.defined_by and step.defined_by not in self._waited:
            await self._established(step.defined_by)
            self._waited.add(step.defined_by)
        if step.resource is not None:
            return step
        resource = await self.cluster.resource_for(*kind_of(step.manifest))
        known = Step(step.manifest, step.manifest.id, {}, resource)
        return placed(known, self.default_namespace)

    async def _established(self, crd: str) -> None:
        """Wait until the API server serves a CRD; if it does not, the apply will tell."""
        with suppress(TimeoutError, NotFound):
            async with asyncio.timeout(ESTABLISHING):
                # A watch would cost more than the few looks this takes.
                while not _is_established(await self.cluster.get(CRDS, crd)):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)

    async def _take(self, step: Step) -> Applied:
        answer = await self.cluster.apply(
            step.object, field_manager=FIELD_MANAGER, force=True, resource=step.resource
        )
        before = self._traces.get(step.id)
        trace = _Trace(step.manifest.digest, _stamp(answer))
        self._traces[step.id] = trace
        changed = before is None or before.stamp != trace.stamp
        healed = changed and before is not None and before.digest == trace.digest
        self.on_applied(step.id, changed=changed, healed=healed)
        return Applied(step.id, changed, healed)

    def _refuse(self, step: Step, error: HelmwardError) -> Refusal:
        refusal = Refusal(step.id, step.manifest.place, error.reason, str(error))
        self.on_refused(refusal)
        return refusal


async def _raise_if_gone(cluster: Cluster, error: ClusterUnavailable) -> None:
    """Tell a server that is gone from one that fails for a single object, say by a webhook."""
    try:
        await cluster.version()
    except ClusterUnavailable:
        raise error from None


def _is_established(crd: Mapping[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Established" and c.get("status") == "True" for c in conditions)


def _stamp(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return what moves when our apply changed something, and stays when it did not.

    The resourceVersion moves with every status update, so it does not serve;
    the time of our own entry in managedFields moves only with our changes. An
    object of which we set no field has no such entry, and nothing to heal.
    """
    metadata = answer.get("metadata", {})
    for entry in metadata.get("managedFields") or []:
        ours = entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        if ours and not entry.get("subresource"):
            return metadata.get("uid", ""), entry.get("time", "")
    return metadata.get("uid", ""), ""
