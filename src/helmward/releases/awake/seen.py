"""An object as the watch shows it: whose it is, and digests that say whether it was changed.

Of twelve thousand objects all is kept at once, so each is a few short strings.
"""

import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from helmward.model import (
    DRIFT_DETECTION,
    DRIFT_DETECTION_OF_FLUX,
    FIELD_MANAGER,
    DriftMode,
    ReleaseRef,
)
from helmward.releases.awake.inventory import NO_ENTRY, short

COARSE: Final = 2
"""Seconds within which two changes may look the same: managedFields tell whole seconds."""


class _Entry(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One entry of managedFields; its fields as the API server sent them."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: str = ""
    fields: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="fieldsV1")

    @property
    def ours(self) -> bool:
        """Whether it says what our last apply wrote."""
        return self.manager == FIELD_MANAGER and self.operation == "Apply" and not self.subresource

    @property
    def text(self) -> bytes:
        """All of it."""
        who = f"{self.manager}\0{self.operation}\0{self.subresource}\0{self.time}\0"
        return who.encode() + self.fields


class _Annotations(msgspec.Struct, frozen=True, gc=False):
    name: str = msgspec.field(default="", name="meta.helm.sh/release-name")
    namespace: str = msgspec.field(default="", name="meta.helm.sh/release-namespace")
    detection: str = msgspec.field(default="", name=DRIFT_DETECTION)
    detection_of_flux: str = msgspec.field(default="", name=DRIFT_DETECTION_OF_FLUX)


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str = ""
    generation: int = 0
    deletion_timestamp: str | None = None
    annotations: _Annotations | None = None
    managed_fields: tuple[_Entry, ...] | None = None


class _Partial(msgspec.Struct, frozen=True):
    metadata: _Meta


class Seen(msgspec.Struct, gc=False, eq=False):
    """One state of an object; a new one takes its place with every change that matters."""

    namespace: str
    name: str
    release_namespace: str
    release_name: str
    ours: bytes
    """Digest of our entry."""
    all: bytes
    """Digest of everything that tells one state from another, except for the status."""
    deleting: bool = False
    left_alone: bool = False
    """Its own annotation says that nobody is to look."""
    young: bool = False
    """Somebody else changed it just now, and may have done so again without a trace."""
    settled: object = None
    """The `Followed.look` in which it was looked at in this very state."""

    @property
    def release(self) -> ReleaseRef:
        """The release that it says it belongs to."""
        return ReleaseRef(self.release_namespace, self.release_name)

    def same(self, other: "Seen") -> bool:
        """Tell whether the other one is no news."""
        return (
            self.all == other.all
            and self.deleting == other.deleting
            and self.left_alone == other.left_alone
        )

    def stays_with(self, other: "Seen") -> None:
        """Belong to the release that an earlier state belonged to."""
        self.release_namespace = other.release_namespace
        self.release_name = other.release_name


_decode: Final = msgspec.json.Decoder(_Partial)


def see(document: bytes) -> Seen:
    """Read an object's metadata and keep what matters of it."""
    meta = _decode.decode(document).metadata
    marks = meta.annotations or _Annotations()
    entries = [one for one in meta.managed_fields or () if one.subresource != "status"]
    ours = next((short(one.fields) for one in entries if one.ours), NO_ENTRY)
    # Names of namespaces and releases stand in many objects: one copy of each is enough.
    return Seen(
        sys.intern(meta.namespace),
        meta.name,
        sys.intern(marks.namespace),
        sys.intern(marks.name),
        ours,
        short(b"\0\0".join([_own(meta, marks), *(one.text for one in entries)])),
        deleting=meta.deletion_timestamp is not None,
        left_alone=DriftMode.DISABLED in (marks.detection, marks.detection_of_flux),
        young=any(one.time > _lately(int(time.time())) for one in entries if not one.ours),
    )


def _own(meta: _Meta, marks: _Annotations) -> bytes:
    """Return what tells one state from another beside managedFields."""
    return f"{meta.generation}\0{marks.namespace}\0{marks.name}".encode()


@lru_cache(maxsize=2)
def _lately(now: int) -> str:
    """Return when it was a moment ago, as managedFields write it."""
    return datetime.fromtimestamp(now - COARSE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
