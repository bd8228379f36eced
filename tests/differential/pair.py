"""Both paths through one row of the table, compared after every verb."""

import asyncio
from dataclasses import dataclass
from typing import Final

from helmward.kube import Kube
from helmward.kube.resources import CONFIG_MAPS
from tests.differential.case import Case, Verb
from tests.differential.paths import Doer, Stock
from tests.differential.readings import readings
from tests.differential.records import records
from tests.differential.seen import differences, objects
from tests.support.wait import until

REST: Final = 10.0
"""Seconds in which controllers have done what they do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The lean path and stock Helm."""

    kube: Kube
    lean: Doer
    stock: Stock
    owners: bool = True
    """Whether the applying manager must own the same fields."""

    async def prepare(self, case: Case) -> None:
        """Make what exists before."""
        for one in case.before:
            for namespace in (self.lean.namespace, self.stock.namespace):
                await self.kube.create(CONFIG_MAPS, one, namespace)

    async def perform(self, verb: Verb, case: Case) -> list[str]:
        """Do a verb on both paths, and say where its outcomes are not what the row says."""
        lean, stock = await asyncio.gather(
            self.lean.perform(verb, case), self.stock.perform(verb, case)
        )
        if verb not in case.fails:
            return [f"{who}: {said}" for who, said in (("lean", lean), ("stock", stock)) if said]
        told = {"lean": lean, "stock": stock}
        silent = [f"{who} did not fail" for who, said in told.items() if not said]
        return silent + [
            f"{who} does not say {word!r}: {said}"
            for word in case.fails[verb]
            for who, said in told.items()
            if said and word not in said
        ]

    async def objects(self, within: float = REST) -> list[str]:
        """Say what of the objects is not the same once controllers have come to rest."""

        async def alike() -> bool:
            return not await self._differing()

        try:
            await until(alike, within=within, every=0.2)
        except TimeoutError:
            return await self._differing()
        return []

    async def records(self) -> list[str]:
        """Say what of the records is not the same."""
        lean, stock = self._spaces
        return differences(await records(self.kube, lean), await records(self.kube, stock))

    async def _differing(self) -> list[str]:
        lean, stock = [await objects(self.kube, one, owners=self.owners) for one in self._spaces]
        return differences(lean, stock)

    async def readings(self, case: Case) -> list[str]:
        """Say what stock Helm 3 and 4 do not read alike in both."""
        lean, stock = await asyncio.gather(
            *(readings(self.stock, one, case) for one in self._spaces)
        )
        return differences(lean, stock)

    @property
    def _spaces(self) -> tuple[str, str]:
        return self.lean.namespace, self.stock.namespace
