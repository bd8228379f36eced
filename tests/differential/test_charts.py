"""Charts that install: both paths leave the same objects and the same records."""

import pytest

from tests.differential.case import Case
from tests.differential.charts import CASES
from tests.differential.pair import Pair
from tests.differential.walk import walk


@pytest.mark.parametrize("case", [case for case in CASES if not case.fails], ids=str)
async def test_both_paths_leave_the_same(case: Case, pair: Pair) -> None:
    """After every verb; stock Helm 3 and 4 read of ours what they read of their own."""
    told = await walk(case, pair)
    assert not told, "\n".join(told)
