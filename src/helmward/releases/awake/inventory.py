"""What a revision tells of its objects: their kinds, and which of their fields are ours; pure.

The engine writes both annotations; `model.drift` says how they are to be read.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from helmward.kube.resources import parse_api_version
from helmward.model import KINDS, OBJECTS, ObjectRef, Revision, Status

SHORT: Final = 6
"""How many bytes are kept of a SHA-256."""
NO_ENTRY: Final = bytes(SHORT)
"""Stands for the digest of an entry that there is not."""


class GroupKind(NamedTuple):
    """A kind, in whichever version."""

    group: str
    kind: str

    def __str__(self) -> str:
        """Read as people write it: `Deployment.apps`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


Kinds = Mapping[GroupKind, str]
"""Kinds, each with the apiVersion that a revision has it in."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The objects of one revision, by identity, with the digest of our entry in each."""

    kinds: Kinds
    objects: Mapping[bytes, bytes]

    def names(self, kind: GroupKind, namespace: str, name: str) -> ObjectRef:
        """Return what the revision calls an object."""
        return ObjectRef(self.kinds[kind], kind.kind, namespace, name)


def short(text: bytes) -> bytes:
    """Return as much of a digest as is kept."""
    return hashlib.sha256(text).digest()[:SHORT]


def identify(kind: GroupKind, namespace: str, name: str) -> bytes:
    """Return by what an inventory tells one object from all others."""
    return short(f"{kind.group}/{kind.kind}/{namespace}/{name}".encode())


def identity_of(ref: ObjectRef) -> bytes:
    """Return the same of an object that is named."""
    group, _ = parse_api_version(ref.api_version)
    return identify(GroupKind(group, ref.kind), ref.namespace, ref.name)


def in_force(revision: Revision | None) -> bool:
    """Tell whether a revision is ours, and the cluster should be as it says."""
    return revision is not None and revision.status is Status.DEPLOYED and bool(revision.owner)


def inventory_of(revision: Revision) -> Inventory | None:
    """Read a revision's inventory; None when it has none that can be read."""
    kinds, objects = (revision.annotations.get(name) for name in (KINDS, OBJECTS))
    if kinds is None or objects is None:
        return None
    read = _objects(objects)
    return None if read is None else Inventory(kinds_of(kinds), read)


@lru_cache(maxsize=512)
def kinds_of(text: str) -> Kinds:
    """Read the list of kinds, `v1/ConfigMap,apps/v1/Deployment`; many releases have the same."""
    return MappingProxyType(dict(_kinds(text.split(","))))


def _kinds(words: Iterable[str]) -> Iterator[tuple[GroupKind, str]]:
    for word in words:
        api_version, _, kind = word.strip().rpartition("/")
        if api_version and kind:
            yield GroupKind(parse_api_version(api_version)[0], kind), api_version


def _objects(text: str) -> dict[bytes, bytes] | None:
    """Read pairs of digests; None for what the engine did not write so."""
    try:
        pairs = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(pairs) % (2 * SHORT):
        return None
    starts = range(0, len(pairs), 2 * SHORT)
    return {pairs[at : at + SHORT]: pairs[at + SHORT : at + 2 * SHORT] for at in starts}
