"""What is kept of each release whose objects are followed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from helmward.model import KINDS, Revision
from helmward.releases.awake.inventory import (
    GroupKind,
    Inventory,
    Kinds,
    identify,
    in_force,
    kinds_of,
)
from helmward.releases.awake.seen import Seen


@dataclass(slots=True)
class Lost:
    """An object that went, or never was seen, while its release says that it is there."""

    ours: bytes = b""
    """Digest of our entry, as it was last."""
    kind: GroupKind | None = None
    namespace: str = ""
    name: str = ""
    """Empty for what never was seen: nobody can name it."""
    settled: object = None
    """The `Followed.look` in which it was looked for since."""


@dataclass(slots=True)
class Followed:
    """One release."""

    kinds: Kinds = field(default_factory=lambda: kinds_of(""))
    revision: str = ""
    """The uid of the revision that is in force."""
    fresh_until: float = 0.0
    """Until when the watch may be behind what that revision wrote."""
    lost: dict[bytes, Lost] = field(default_factory=dict)
    look: object = field(default_factory=object)
    """What was looked at is settled as long as this is the same."""

    def renew(self, revision: str, inventory: Inventory | None, fresh_until: float) -> None:
        """Go over to another revision; of what it does not have nothing is lost."""
        self.revision, self.fresh_until, self.look = revision, fresh_until, object()
        kept = inventory.objects if inventory else {}
        self.lost = {identity: one for identity, one in self.lost.items() if identity in kept}

    def note(self, kind: GroupKind, seen: Seen, *, gone: bool) -> None:
        """Take in that an object went, or is there."""
        if gone:
            lost = Lost(seen.ours, kind, seen.namespace, seen.name)
            self.lost[identify(kind, seen.namespace, seen.name)] = lost
        elif self.lost:
            self.lost.pop(identify(kind, seen.namespace, seen.name), None)


def kinds_in_force(revisions: Iterable[Revision]) -> Kinds:
    """Return the kinds of the revisions of a release that are in force.

    While an upgrade runs, or after one that failed, that is the one before it.
    """
    told = [one.annotations.get(KINDS, "") for one in revisions if in_force(one)]
    return kinds_of(",".join(reversed(told)))
