"""What is kept of an object's metadata; managedFields are dropped by not being named."""

from datetime import datetime
from typing import Any

import msgspec


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """Who is collected before this object may stay."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool = False


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """An object's identity, versions, labels and annotations."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def deleting(self) -> bool:
        """Whether a delete was asked for and finalizers hold it up."""
        return self.deletion_timestamp is not None


class PartialObject(msgspec.Struct, frozen=True, rename="camel"):
    """An object of any kind, of which only the metadata was asked for or kept."""

    metadata: Meta
    api_version: str = ""
    kind: str = ""


_partial = msgspec.json.Decoder(PartialObject)


def decode_partial(document: bytes) -> PartialObject:
    """Read the metadata of any object and drop the rest."""
    return _partial.decode(document)


def decode_object(document: bytes) -> dict[str, Any]:
    """Read an object whole, without its managedFields."""
    decoded: dict[str, Any] = msgspec.json.decode(document)
    decoded.get("metadata", {}).pop("managedFields", None)
    return decoded
