"""One row of the table from install to uninstall, looked at after every verb."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.differential.case import Case, Verb
from tests.differential.pair import REST, Pair

SOON: Final = 1.0
"""Seconds in which what should differ is expected to be alike, in vain."""


async def walk(case: Case, pair: Pair) -> list[str]:
    """Do all verbs on both paths, and tell of what the row does not say."""
    await pair.prepare(case)
    told: list[str] = []
    for verb in case.verbs:
        told += _told(case, f"{verb} outcome", await pair.perform(verb, case))
        within = SOON if f"{verb} objects" in case.differs else REST
        told += _told(case, f"{verb} objects", await pair.objects(within))
        told += _told(case, f"{verb} records", await pair.records())
        if verb == Verb.ROLLBACK and "rollback records" not in case.differs:
            told += _told(case, "readings", await pair.readings(case))
    return told


def _told(case: Case, what: str, found: Sequence[str]) -> Iterator[str]:
    """Tell of differences that the row does not know, and of those it knows that are none."""
    if what not in case.differs:
        yield from (f"{what}: {line}" for line in found)
    elif not found:
        yield f"{what}: alike, though the row says: {case.differs[what]}"
