"""Our entry in an object's managedFields: which of its fields are ours; pure.

As long as the entry is the same, every field that we set has the value that
we gave it: whoever gives one another value, or removes it, becomes its owner,
and the API server takes it out of our entry. The value itself need not be
looked at.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

FIELD_MANAGER: Final = "helmward-sync"
_DIGEST: Final = 32
"""Letters of a digest: too many for two to be alike by chance."""


def our_entry(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the entry of our applies, None if no field is ours."""
    entries = metadata.get("managedFields") or []
    return next((entry for entry in entries if is_ours(entry)), None)


def is_ours(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of managedFields is that of our applies."""
    applied = entry.get("operation") == "Apply" and not entry.get("subresource")
    return applied and entry.get("manager") == FIELD_MANAGER


def fields_digest(metadata: Mapping[str, Any]) -> str:
    """Return our fields in a few letters; empty if none is ours.

    The time does not count, nor the version of the API, which a new release
    of the cluster may move.
    """
    entry = our_entry(metadata)
    return digest_of(entry.get("fieldsV1")) if entry else ""


def digest_of(fields: Any) -> str:
    """Return the digest of an entry's `fieldsV1`."""
    return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()[:_DIGEST]
