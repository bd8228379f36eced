"""The table's rows, by what is peculiar to their charts."""

from typing import Final

from tests.differential.case import Case
from tests.differential.charts import failing, hooks, large, packing, plain, rendering

CASES: Final[tuple[Case, ...]] = (
    *plain.CASES,
    *rendering.CASES,
    *large.CASES,
    *hooks.CASES,
    *packing.CASES,
    *failing.CASES,
)
