"""Applies manifests as the Flux role does, without git and without a loop."""

from dataclasses import dataclass, field
from typing import Any

from helmward.gitops.apply import Applier, Outcome
from helmward.gitops.build import ObjectId, build
from helmward.gitops.cluster import Cluster, known_kinds
from helmward.gitops.inventory import Item
from helmward.gitops.plan import Plan, make_plan
from helmward.gitops.rehearsal import Rehearsal
from helmward.gitops.report import Refusal
from helmward.gitops.scope import EVERYTHING, Scope

SOURCE = "a-source"


@dataclass
class Applying:
    """An applier into one namespace, what it told, and what was applied with it."""

    cluster: Cluster
    namespace: str
    scope: Scope = EVERYTHING
    refused: list[Refusal] = field(default_factory=list)
    known: dict[ObjectId, Item] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.applier = Applier(self.cluster, lambda *_, **__: None, self.refused.append)

    async def plan(self, *texts: str) -> Plan:
        """Plan manifests as if they were one file."""
        manifests = build({"a.yaml": "---\n".join(texts).encode()})
        kinds = await known_kinds(self.cluster, manifests, self.scope)
        return make_plan(manifests, kinds, self.namespace, source=SOURCE, scope=self.scope)

    async def apply(self, *texts: str) -> Outcome:
        """Apply manifests; what was applied is remembered as an inventory would."""
        outcome = await self.applier.apply(await self.plan(*texts))
        for applied in outcome.applied:
            self.known[applied.id] = Item(applied.id, "v1", fields=applied.fields)
        return outcome

    async def rehearse(self, *texts: str, **options: Any) -> Rehearsal:
        """Rehearse manifests."""
        return await self.applier.rehearse(await self.plan(*texts), **options)

    async def verbs(self, *texts: str) -> dict[str, str]:
        """Say by name what a rehearsal would do with each of the objects."""
        rehearsal = await self.rehearse(*texts)
        assert [str(refusal) for refusal in rehearsal.refused] == []
        return {change.id.name: str(change.verb) for change in rehearsal.changes}
