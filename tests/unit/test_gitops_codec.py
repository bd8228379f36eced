"""A record comes back as it was written, fits, and is never taken for another."""

import base64
import hashlib
import zlib
from dataclasses import replace
from typing import Any

import pytest

from helmward.errors import RecordBroken
from helmward.gitops import codec
from helmward.gitops.build import ObjectId
from helmward.gitops.codec import INVENTORY, MOST, Entries, read_record, written
from helmward.gitops.inventory import Item, Record

LIMIT = 1 << 20
"""Bytes that the API server takes."""


def an_item(number: int, **fields: Any) -> Item:
    name = f"an-application-with-a-long-name-{number:06}"
    found = ObjectId("apps", "Deployment", f"namespace-{number % 50}", name)
    digest, owned = (hashlib.sha256(f"{number} {n}".encode()).hexdigest()[:32] for n in range(2))
    return Item(found, "v1", "deploy", digest, owned, **fields)


def a_record(count: int, **fields: Any) -> Record:
    items = [an_item(n, keep=n % 2 == 0, found=n % 3 == 0, going=n % 5 == 0) for n in range(count)]
    inventory = {one.id: one for one in items}
    return Record("c0ffee", {"deploy": "c0ffee", "": "beef"}, inventory, ("s1", "s2"), **fields)


def size(entries: Entries) -> int:
    """Return what the API server counts."""
    binary = [base64.b64decode(text) for text in entries.binary.values()]
    return sum(map(len, binary)) + sum(len(text.encode()) for text in entries.data.values())


@pytest.mark.parametrize("record", [Record(), a_record(3), a_record(100, adopted=True)])
def test_a_record_comes_back_as_it_was_written(record: Record) -> None:
    """The path that is the root, and every flag, included."""
    assert read_record(written(record)) == record


def test_equal_records_are_written_alike() -> None:
    """Else each sync would write one."""
    record = a_record(10)
    turned = replace(
        record,
        commits=dict(reversed(list(record.commits.items()))),
        inventory=dict(reversed(list(record.inventory.items()))),
    )

    assert written(record) == written(turned)


def test_people_can_read_what_they_look_for() -> None:
    data = written(a_record(3)).data

    assert (data["commit"], data["objects"]) == ("c0ffee", "3")
    assert data["commits.json"] == '{"": "beef", "deploy": "c0ffee"}'


def test_twenty_thousand_objects_fit() -> None:
    """Whatever becomes of their digests."""
    record = a_record(20_000)

    entries = written(record)

    assert size(entries) < LIMIT
    found = read_record(entries).inventory
    assert found.keys() == record.inventory.keys()
    assert all(item.keep == record.inventory[key].keep for key, item in found.items())


def test_ten_thousand_objects_keep_their_digests() -> None:
    record = a_record(10_000)

    assert read_record(written(record)) == record


def test_what_is_too_large_goes_without_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """They only save writes after a restart."""
    monkeypatch.setattr(codec, "MOST", 5000)
    record = a_record(500)

    found = read_record(written(record)).inventory

    bare = {key: replace(one, digest="", fields="") for key, one in record.inventory.items()}
    assert found == bare


def test_what_is_too_large_without_them_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than cut short: what is not in it would never be removed."""
    monkeypatch.setattr(codec, "MOST", 500)

    with pytest.raises(RecordBroken, match=r"500 objects are more than .* follow it as several"):
        written(a_record(500))


def test_a_config_map_with_nothing_in_it_is_no_record() -> None:
    """It was made to hold annotations."""
    assert read_record(Entries()) == Record()


def test_another_version_says_what_to_do() -> None:
    entries = written(a_record(3))
    other = replace(entries, data={**entries.data, "version": "2"})

    with pytest.raises(RecordBroken, match='its version is "2", this Helmward reads 1'):
        read_record(other)


def packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


@pytest.mark.parametrize(
    "inventory",
    ["AAAA", "no base64!", "", packed("[]")[:-4], packed("[["), packed("[[1]]"), packed("{}")],
)
def test_a_broken_inventory_is_never_taken_for_nothing(inventory: str) -> None:
    broken = replace(written(a_record(3)), binary={INVENTORY: inventory})

    with pytest.raises(RecordBroken, match=r"it cannot be read .*delete the ConfigMap"):
        read_record(broken)


@pytest.mark.parametrize(
    "change", [{"objects": "7"}, {"objects": "x"}, {"commits.json": "{"}, {"sources.json": "1"}]
)
def test_broken_entries_are_never_taken_for_nothing(change: dict[str, str]) -> None:
    entries = written(a_record(3))

    with pytest.raises(RecordBroken):
        read_record(replace(entries, data={**entries.data, **change}))


@pytest.mark.parametrize(
    "key", ["version", "commit", "commits.json", "objects", "sources.json", "adopted"]
)
def test_an_entry_that_is_missing_is_missed(key: str) -> None:
    entries = written(a_record(3))

    with pytest.raises(RecordBroken):
        read_record(replace(entries, data={k: v for k, v in entries.data.items() if k != key}))


def test_a_bomb_is_not_unpacked() -> None:
    """A limit holds before there is anything to look at."""
    bomb = base64.b64encode(zlib.compress(b" " * (65 << 20))).decode()

    with pytest.raises(RecordBroken):
        read_record(replace(written(a_record(0)), binary={INVENTORY: bomb}))


def test_the_limit_leaves_room_for_the_rest() -> None:
    assert MOST < LIMIT - 40_000
