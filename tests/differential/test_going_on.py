"""Stock Helm goes on over what our engine wrote, and our engine over what stock Helm wrote.

Fields that were set by the one are the one's: stock Helm asks for `--force-conflicts` before it
sets them, as it does over what Flux applied. Which fields whose are is not compared.
"""

from dataclasses import dataclass, replace

import pytest

from tests.differential.case import Case, Verb
from tests.differential.charts import hooks, packing, plain, rendering
from tests.differential.pair import Pair
from tests.differential.paths import Doer, Stock
from tests.differential.walk import walk

WANTED = {"six-objects", "objects-come-and-go", "hooks", "subcharts", "notes"}
CASES = [
    case
    for case in (*plain.CASES, *rendering.CASES, *hooks.CASES, *packing.CASES)
    if case.name in WANTED
]


@dataclass(frozen=True, slots=True)
class Both:
    """Two who take turns in one namespace."""

    namespace: str
    first: Doer
    second: Doer

    async def perform(self, verb: Verb, case: Case) -> str:
        """Have one or the other do it."""
        turn = self.first if verb in {Verb.INSTALL, Verb.ROLLBACK} else self.second
        return await turn.perform(verb, case)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_stock_helm_goes_on_over_ours(case: Case, pair: Pair) -> None:
    """Ours installs and rolls back, stock Helm upgrades and uninstalls."""
    mixed = Both(pair.lean.namespace, pair.lean, beside(pair))
    told = await walk(case, replace(pair, lean=mixed, owners=False))
    assert not told, "\n".join(told)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_ours_goes_on_over_stock_helm(case: Case, pair: Pair) -> None:
    """Stock Helm installs and rolls back, ours upgrades and uninstalls."""
    mixed = Both(pair.lean.namespace, beside(pair), pair.lean)
    told = await walk(case, replace(pair, lean=mixed, owners=False))
    assert not told, "\n".join(told)


def beside(pair: Pair) -> Stock:
    """Return stock Helm in the namespace of our engine."""
    folder = pair.stock.folder / "beside"
    return replace(pair.stock, namespace=pair.lean.namespace, folder=folder, by_force=True)
