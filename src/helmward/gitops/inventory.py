"""What one repository has in the cluster, object by object; pure.

Kept in the cluster by `record`. What is in it may be removed when git no
longer has it; what is not was never ours.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from helmward.errors import TerminalError
from helmward.gitops.build import ObjectId

VERSION: Final = "1"
MOST: Final = 900 * 1024
"""Bytes of an inventory as it is written: an object of the API server holds 1 MiB."""
_UNPACKED: Final = 64 * 1024 * 1024


class RecordBroken(TerminalError):
    """What the cluster has of the record cannot be read; nothing is removed by guess."""

    reason = "RecordBroken"


@dataclass(frozen=True, slots=True)
class Item:
    """One object that was applied."""

    id: ObjectId
    version: str
    """The version of its API that it was applied with last."""
    path: str = ""
    """The path of the settings that asks for it, as `PathSettings.path`."""
    digest: str = ""
    """Of the manifest that was applied last (`Manifest.digest`), shortened; empty: unknown."""
    fields: str = ""
    """Of our entry in managedFields after that: whoever changes a field of ours changes it."""
    keep: bool = False
    """Never removed, whatever git says (`sync_only`, prune disabled)."""

    @property
    def api_version(self) -> str:
        """What stands in the object's `apiVersion`."""
        return f"{self.id.group}/{self.version}" if self.id.group else self.version


Inventory = Mapping[ObjectId, Item]


@dataclass(frozen=True)
class Record:
    """Everything that outlives the process, of one repository."""

    commit: str = ""
    """The newest commit that was applied."""
    commits: Mapping[str, str] = field(default_factory=dict)
    """The commit in force of each path: of a path whose newest is broken, an older one."""
    inventory: Inventory = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    """What the marks of Flux v1 are made from, the one in use first, then earlier ones."""
    adopted: bool = False
    """Whether the cluster was searched for objects that carry our marks."""


def written(record: Record) -> dict[str, str]:
    """Return the record as the data of a ConfigMap; what people look for stands there plainly.

    An inventory that is too large goes without its digests: they only save
    writes after a restart.

    Raises:
        RecordBroken: it is too large all the same.
    """
    packed = _packed(record.inventory)
    if len(packed) > MOST:
        packed = _packed({key: _bare(item) for key, item in record.inventory.items()})
    if len(packed) > MOST:
        raise RecordBroken(
            f"{len(record.inventory)} objects are more than one repository may have: divide it"
        )
    return {
        "version": VERSION,
        "commit": record.commit,
        "commits": json.dumps(dict(record.commits), sort_keys=True),
        "sources": json.dumps(record.sources),
        "adopted": json.dumps(record.adopted),
        "objects": str(len(record.inventory)),
        "inventory": packed,
    }


def read_record(data: Mapping[str, str]) -> Record:
    """Return the record that a ConfigMap holds.

    Raises:
        RecordBroken: it cannot be read; the message says what is wrong, and why
            it is not simply taken for an empty one.
    """
    try:
        return _read(data)
    except (KeyError, ValueError, TypeError, zlib.error) as error:
        raise RecordBroken(
            f"its data cannot be read ({type(error).__name__}): put a copy of it back, or delete "
            "the ConfigMap: then the objects that carry our marks are taken up anew"
        ) from error


def _read(data: Mapping[str, str]) -> Record:
    if data["version"] != VERSION:
        raise ValueError(data["version"])
    commits = json.loads(data["commits"])
    items = [_item(row) for row in _unpacked(data["inventory"])]
    if len(items) != int(data["objects"]):
        raise ValueError("objects")
    inventory = {item.id: item for item in items}
    sources = tuple(json.loads(data["sources"]))
    return Record(data["commit"], dict(commits), inventory, sources, data["adopted"] == "true")


def _packed(inventory: Inventory) -> str:
    rows = [_row(item) for _, item in sorted(inventory.items())]
    plain = json.dumps(rows, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(plain, 6)).decode()


def _unpacked(text: str) -> list[Any]:
    opened = zlib.decompressobj()
    plain = opened.decompress(base64.b64decode(text, validate=True), _UNPACKED)
    if not opened.eof:
        raise ValueError("inventory")
    rows: list[Any] = json.loads(plain)
    return rows


def _row(item: Item) -> list[Any]:
    found = item.id
    names = [found.group, found.kind, found.namespace, found.name]
    return [*names, item.version, item.path, item.digest, item.fields, int(item.keep)]


def _item(row: list[Any]) -> Item:
    group, kind, namespace, name, version, path, digest, fields, keep = row
    found = ObjectId(group, kind, namespace, name)
    return Item(found, version, path, digest, fields, bool(keep))


def _bare(item: Item) -> Item:
    return replace(item, digest="", fields="")
