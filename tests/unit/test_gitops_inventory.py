"""A record comes back as it was written, fits, and is never taken for another."""

from typing import Any

import pytest

from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import MOST, Item, Record, RecordBroken, read_record, written


def an_item(number: int, **fields: Any) -> Item:
    name = f"an-application-with-a-long-name-{number:06}"
    found = ObjectId("apps", "Deployment", f"namespace-{number % 50}", name)
    return Item(
        found, "v1", "deploy", f"{number * 2654435761 % 2**128:032x}", f"{number:032x}", **fields
    )


def a_record(count: int, **fields: Any) -> Record:
    items = [an_item(n, keep=n % 2 == 0) for n in range(count)]
    inventory = {one.id: one for one in items}
    return Record("c0ffee", {"deploy": "c0ffee", "": "beef"}, inventory, ("s1", "s2"), **fields)


@pytest.mark.parametrize("record", [Record(), a_record(3), a_record(100, adopted=True)])
def test_a_record_comes_back_as_it_was_written(record: Record) -> None:
    assert read_record(written(record)) == record


def test_equal_records_are_equal_texts() -> None:
    """Else each sync would write one."""
    record = a_record(10)
    turned = Record(
        record.commit,
        dict(reversed(list(record.commits.items()))),
        dict(reversed(list(record.inventory.items()))),
        record.sources,
    )
    assert written(record) == written(turned)


def test_people_can_read_what_they_look_for() -> None:
    data = written(a_record(3))
    assert (data["commit"], data["objects"]) == ("c0ffee", "3")


def test_twenty_thousand_objects_fit() -> None:
    """Without the digests, if need be: they only save writes after a restart."""
    data = written(a_record(20_000))
    assert sum(map(len, data.values())) < MOST
    found = read_record(data).inventory
    assert len(found) == 20_000
    assert all(one.path == "deploy" for one in found.values())


def test_five_thousand_objects_keep_their_digests() -> None:
    assert read_record(written(a_record(5_000))) == a_record(5_000)


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2"},
        {"inventory": "AAAA"},
        {"inventory": "no base64!"},
        {"inventory": ""},
        {"objects": "7"},
        {"commits": "{"},
    ],
)
def test_what_cannot_be_read_is_never_taken_for_nothing(change: dict[str, str]) -> None:
    with pytest.raises(RecordBroken, match="cannot be read"):
        read_record(written(a_record(3)) | change)


@pytest.mark.parametrize("field", ["version", "inventory", "objects", "sources", "adopted"])
def test_a_field_that_is_missing_is_missed(field: str) -> None:
    data = written(a_record(3))
    del data[field]
    with pytest.raises(RecordBroken):
        read_record(data)
