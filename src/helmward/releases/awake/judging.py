"""Which objects of a revision somebody may have changed, by what is in sight; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from helmward.model import ObjectRef
from helmward.releases.awake.followed import Lost
from helmward.releases.awake.inventory import NO_ENTRY, GroupKind, Inventory
from helmward.releases.awake.seen import Seen
from helmward.releases.awake.sight import Sight


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen of the objects of one revision."""

    sights: Mapping[GroupKind, Sight]
    """The kinds of which every object is in sight."""
    complete: bool
    """These are all kinds of the revision."""
    lost: Mapping[bytes, Lost]
    look: object
    """What was looked at in it is settled."""

    def find(self, identity: bytes) -> tuple[GroupKind, Seen] | None:
        """Return an object with its kind, if it is there."""
        for kind, sight in self.sights.items():
            if seen := sight.find(identity):
                return kind, seen
        return None


@dataclass(slots=True)
class Doubts:
    """What of a revision is to be looked at."""

    named: set[ObjectRef] = field(default_factory=set)
    nameless: bool = False
    """An object is not there and never was seen, so that nobody can name it."""
    fresh: bool = False
    """Something may only not have been seen as written yet."""

    def __bool__(self) -> bool:
        """Tell whether anything is to be looked at now."""
        return bool(self.named) or self.nameless


def doubts(inventory: Inventory, view: View, *, fresh: bool) -> Doubts:
    """Compare what a revision wrote with what there is.

    What was looked at in the state that it is in is no matter of doubt. `fresh`
    says that the watch may be behind: nothing is doubted then but an object
    that was seen as written, and then was seen to go.
    """
    found = Doubts()
    for identity, ours in inventory.objects.items():
        if there := view.find(identity):
            kind, seen = there
            if seen.settled is not view.look and _changed(seen, ours):
                _doubt(found, inventory.names(kind, seen.namespace, seen.name), fresh=fresh)
        else:
            _doubt_lost(found, inventory, view, identity, fresh=fresh)
    return found


def _changed(seen: Seen, ours: bytes) -> bool:
    """Tell whether an object is not as it was written; one that goes is awaited.

    What another tool wrote before us has no entry of ours, so that nothing
    proves that it is as it was: each state of it is looked at once.
    """
    proven = seen.ours == ours != NO_ENTRY
    return not (proven or seen.deleting or seen.left_alone)


def _doubt(found: Doubts, ref: ObjectRef, *, fresh: bool) -> None:
    if fresh:
        found.fresh = True
    else:
        found.named.add(ref)


def _doubt_lost(
    found: Doubts, inventory: Inventory, view: View, identity: bytes, *, fresh: bool
) -> None:
    """Judge an object that is not in sight: of a kind that is not, nothing is known."""
    lost = view.lost.get(identity, Lost())
    if lost.settled is view.look:
        return
    if lost.kind is None:
        found.fresh |= view.complete and fresh
        found.nameless |= view.complete and not fresh
    elif lost.kind in view.sights:
        seen_as_written = lost.ours == inventory.objects[identity]
        ref = inventory.names(lost.kind, lost.namespace, lost.name)
        _doubt(found, ref, fresh=fresh and not seen_as_written)
