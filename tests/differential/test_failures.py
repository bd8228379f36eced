"""Charts that fail: on both paths at the same verb, for the same reason, leaving the same."""

import pytest

from tests.differential.case import Case
from tests.differential.charts import CASES
from tests.differential.pair import Pair
from tests.differential.walk import walk


@pytest.mark.parametrize("case", [case for case in CASES if case.fails], ids=str)
async def test_both_paths_fail_alike(case: Case, pair: Pair) -> None:
    """What is not alike, and why, stands in the row."""
    told = await walk(case, pair)
    assert not told, "\n".join(told)
