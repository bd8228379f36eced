"""How a record is written into a ConfigMap, and read again; pure.

Called by `record`. What people look for stands there plainly; the inventory is
compressed, as an object of the API server holds no more than 1 MiB.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from helmward.errors import RecordBroken
from helmward.gitops.build import ObjectId
from helmward.gitops.inventory import Inventory, Item, Record

VERSION: Final = "1"
MOST: Final = 1_000_000
"""Bytes of an inventory: some of the 1 MiB is left to what stands beside it."""
INVENTORY: Final = "inventory.json.zz"
_UNPACKED: Final = 64 << 20
_MEND: Final = (
    "put back a copy of it, or delete the ConfigMap: then the objects that carry our marks are "
    "found in the cluster and taken up anew"
)


@dataclass(frozen=True)
class Entries:
    """What a ConfigMap holds."""

    data: Mapping[str, str] = field(default_factory=dict)
    binary: Mapping[str, str] = field(default_factory=dict)
    """As base64, as JSON has it."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Entries":
        """Return those of a ConfigMap."""
        return cls(found.get("data") or {}, found.get("binaryData") or {})

    @property
    def document(self) -> dict[str, Any]:
        """The fields of a ConfigMap."""
        return {"data": dict(self.data), "binaryData": dict(self.binary)}


def written(record: Record) -> Entries:
    """Return what to keep of a record.

    An inventory that is too large goes without its digests: all they do is
    save writes after a restart.

    Raises:
        RecordBroken: it is too large all the same.
    """
    packed = _packed(record.inventory)
    if len(packed) > MOST:
        packed = _packed({found: _bare(item) for found, item in record.inventory.items()})
    if len(packed) > MOST:
        raise RecordBroken(
            f"{len(record.inventory)} objects are more than the record of one repository holds: "
            "follow it as several, each with some of its paths (--sync-config)"
        )
    data = {
        "version": VERSION,
        "commit": record.commit,
        "commits.json": json.dumps(dict(record.commits), sort_keys=True),
        "sources.json": json.dumps(record.sources),
        "adopted": json.dumps(record.adopted),
        "objects": str(len(record.inventory)),
    }
    return Entries(data, {INVENTORY: base64.b64encode(packed).decode()})


def read_record(entries: Entries) -> Record:
    """Return the record that a ConfigMap holds; an empty one where it holds nothing at all.

    Raises:
        RecordBroken: it cannot be read. That is never taken for an empty record:
            what is not in a record is never removed again.
    """
    if not entries.data and not entries.binary:
        return Record()
    version = entries.data.get("version", "")
    if version != VERSION:
        raise RecordBroken(
            f'its version is "{version}", this Helmward reads {VERSION}: run the Helmward that '
            f"wrote it; or {_MEND}"
        )
    try:
        return _read(entries)
    except (KeyError, ValueError, TypeError, binascii.Error, zlib.error) as error:
        raise RecordBroken(f"it cannot be read ({type(error).__name__}): {_MEND}") from error


def _read(entries: Entries) -> Record:
    data = entries.data
    items = _unpacked(base64.b64decode(entries.binary[INVENTORY], validate=True))
    if len(items) != int(data["objects"]):
        raise ValueError("objects")
    commits = {str(path): str(commit) for path, commit in json.loads(data["commits.json"]).items()}
    return Record(
        data["commit"],
        commits,
        {item.id: item for item in items},
        tuple(map(str, json.loads(data["sources.json"]))),
        data["adopted"] == "true",
    )


def _packed(inventory: Inventory) -> bytes:
    """Write column by column: what is alike stands together and shrinks most."""
    columns = list(zip(*(_row(item) for _, item in sorted(inventory.items())), strict=True))
    return zlib.compress(json.dumps(columns, separators=(",", ":")).encode())


def _unpacked(packed: bytes) -> Sequence[Item]:
    opened = zlib.decompressobj()
    plain = opened.decompress(packed, _UNPACKED)
    if not opened.eof:
        raise ValueError("inventory")
    return [_item(row) for row in zip(*json.loads(plain), strict=True)]


def _row(item: Item) -> tuple[str | int, ...]:
    one = item.id
    flags = item.keep | item.found << 1 | item.going << 2
    names = (one.group, one.kind, one.namespace, one.name)
    return (*names, item.version, item.path, item.digest, item.fields, flags)


def _item(row: Sequence[Any]) -> Item:
    *names, version, path, digest, fields, flags = row
    told = (bool(flags & bit) for bit in (1, 2, 4))
    return Item(ObjectId(*names), version, path, digest, fields, *told)


def _bare(item: Item) -> Item:
    return replace(item, digest="", fields="")
