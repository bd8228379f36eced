"""The lean path and the SDK's own leave the same objects, records and errors."""

from collections.abc import Iterator, Sequence

import pytest

from tests.differential.case import Case, Verb
from tests.differential.charts import CASES
from tests.differential.pair import Pair


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_both_paths_leave_the_same(case: Case, pair: Pair) -> None:
    """After every verb; what differs, and why, stands in the row."""
    await pair.prepare(case)
    told: list[str] = []
    for verb in Verb:
        told += _told(case, f"{verb} outcome", await pair.perform(verb, case))
        told += _told(case, f"{verb} objects", await pair.objects())
        told += _told(case, f"{verb} records", await pair.records())
    assert not told, "\n".join(told)


def _told(case: Case, what: str, found: Sequence[str]) -> Iterator[str]:
    """Tell of differences that the row does not know, and of those it knows that are none."""
    if what not in case.differs:
        yield from (f"{what}: {line}" for line in found)
    elif not found:
        yield f"{what}: alike, though the row says: {case.differs[what]}"
