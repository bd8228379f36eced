"""Which objects are doubted: each row an object, and what is in sight of it."""

from dataclasses import dataclass
from typing import Any

import pytest

from helmward.model import ObjectRef
from helmward.releases.awake.followed import Lost
from helmward.releases.awake.inventory import NO_ENTRY, GroupKind, Inventory, identify
from helmward.releases.awake.judging import View, doubts
from helmward.releases.awake.seen import Seen
from helmward.releases.awake.sight import Sight
from helmward.runtime.store import Item

KIND = GroupKind("apps", "Deployment")
AT = identify(KIND, "shop", "web")
WRITTEN = b"123456"
NOW, BEFORE = object(), object()
"""Looks: what was settled in an earlier one is not any more."""
WEB = ObjectRef("apps/v1", "Deployment", "shop", "web")


def seen(ours: bytes = b"other.", **changes: Any) -> Seen:
    return Seen("shop", "web", "shop", "cart", ours, b"all", **changes)


def lost(ours: bytes = b"other.", **changes: Any) -> Lost:
    return Lost(**{"ours": ours, "kind": KIND, "namespace": "shop", "name": "web"} | changes)


def view(one: Seen | Lost | None, *, complete: bool = True, in_sight: bool = True) -> View:
    sight = Sight(KIND)
    if isinstance(one, Seen):
        sight.put(Item(("shop", "web"), "", "", one))
    return View(
        {KIND: sight} if in_sight else {},
        complete,
        {AT: one} if isinstance(one, Lost) else {},
        NOW,
    )


@dataclass
class Row:
    what: str
    one: Seen | Lost | None
    doubted: bool = False
    nameless: bool = False
    fresh: bool = False
    complete: bool = True
    in_sight: bool = True
    waits: bool = False
    """It is given a moment."""
    written: bytes = WRITTEN


ROWS = [
    Row("as it was written", seen(WRITTEN)),
    Row("changed", seen(), doubted=True),
    Row("changed, without any entry of ours", seen(NO_ENTRY), doubted=True),
    Row("changed, and looked at since", seen(settled=NOW)),
    Row("changed, and looked at before another revision", seen(settled=BEFORE), doubted=True),
    Row("changed, and going", seen(deleting=True)),
    Row("changed, and to be left alone", seen(left_alone=True)),
    Row("never ours, not looked at", seen(NO_ENTRY), written=NO_ENTRY, doubted=True),
    Row("never ours, and looked at since", seen(NO_ENTRY, settled=NOW), written=NO_ENTRY),
    Row("gone", lost(), doubted=True),
    Row("gone, and looked for since", lost(settled=NOW)),
    Row("gone, and looked for before another revision", lost(settled=BEFORE), doubted=True),
    Row("gone, of a kind that is not in sight", lost(), complete=False, in_sight=False),
    Row("never seen", None, nameless=True),
    Row("never seen, and looked for since", Lost(settled=NOW)),
    Row("never seen, not looked for", Lost(), nameless=True),
    Row("not seen while not all kinds are in sight", None, complete=False),
    Row("not yet seen as written", seen(), fresh=True, waits=True),
    Row("not yet seen", None, fresh=True, waits=True),
    Row("not yet seen, of a kind that is not in sight", None, fresh=True, complete=False),
    Row("seen as written, and gone since", lost(WRITTEN), fresh=True, doubted=True),
    Row("gone before it was written", lost(), fresh=True, waits=True),
    Row("just written and seen so", seen(WRITTEN), fresh=True),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_an_object_is_doubted(row: Row) -> None:
    """Only what nobody has looked at in the state that it is in, or was never as written."""
    looked_at = view(row.one, complete=row.complete, in_sight=row.in_sight)
    inventory = Inventory({KIND: "apps/v1"}, {AT: row.written})
    found = doubts(inventory, looked_at, fresh=row.fresh)

    assert found.named == ({WEB} if row.doubted else set())
    assert found.nameless is row.nameless
    assert found.fresh is row.waits
    assert bool(found) is (row.doubted or row.nameless)
