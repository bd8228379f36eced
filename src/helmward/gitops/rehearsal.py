"""What an apply would change, as plain values; pure.

Made by `apply`, shown by the preview and counted by `loop`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from helmward.gitops.build import ObjectId
from helmward.gitops.fields import fields_digest
from helmward.gitops.report import Refusal


class Verb(StrEnum):
    """What would become of an object."""

    CREATE = "create"
    CHANGE = "change"
    NONE = "none"
    IGNORED = "ignored"
    """Annotations ask to leave it alone."""
    LATER = "later"
    """Nobody can say yet: its namespace or its kind is not there."""


WRITTEN = frozenset((Verb.CREATE, Verb.CHANGE, Verb.LATER))
"""The verbs that an apply has to follow."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one object."""

    id: ObjectId
    place: str
    """Where it is written: `path:line`."""
    verb: Verb
    fields: str = ""
    """Nothing would change: the digest of our fields now, as `Item.fields`."""
    anew: bool = False
    """It would be deleted and made anew."""
    live: Mapping[str, Any] | None = field(default=None, repr=False)
    """What is there, if documents were asked for."""
    merged: Mapping[str, Any] | None = field(default=None, repr=False)
    """What would be there, if documents were asked for; None: nobody can say."""


@dataclass(frozen=True)
class Rehearsal:
    """What a plan would change, and what the API server would refuse."""

    changes: tuple[Change, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def to_write(self) -> frozenset[ObjectId]:
        """The objects that an apply has to be sent for."""
        return frozenset(change.id for change in self.changes if change.verb in WRITTEN)


def changes_nothing(live: Mapping[str, Any], merged: Mapping[str, Any]) -> bool:
    """Whether an apply would leave the object as it is, with the fields ours that are ours.

    Its status does not count: that moves between two looks.
    """
    same = _content(live) == _content(merged)
    return same and fields_digest(live["metadata"]) == fields_digest(merged["metadata"])


def _content(obj: Mapping[str, Any]) -> dict[str, Any]:
    moving = ("resourceVersion", "generation", "managedFields")
    metadata = {key: value for key, value in obj["metadata"].items() if key not in moving}
    rest = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": metadata}
