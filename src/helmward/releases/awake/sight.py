"""The objects of one kind that are in sight; written by an informer, read by `Awake`."""

from collections.abc import Iterator, Mapping, Sequence

from helmward.releases.awake.inventory import GroupKind, identify
from helmward.releases.awake.seen import Seen
from helmward.runtime.store import Change, EventType, Item, Name


class Sight:
    """A store of little weight: objects by their identity, without uid and version.

    An object that arrives in a state that it was in before stays the very same
    `Seen`, so that it stays settled; that is no change.
    """

    def __init__(self, kind: GroupKind) -> None:
        self._kind = kind
        self._seen: dict[bytes, Seen] = {}

    def __len__(self) -> int:
        """Return how many objects there are."""
        return len(self._seen)

    def __iter__(self) -> Iterator[Seen]:
        """Walk over a copy, so that the store may change meanwhile."""
        return iter([*self._seen.values()])

    def find(self, identity: bytes) -> Seen | None:
        """Return one object, if it is there."""
        return self._seen.get(identity)

    def put(self, item: Item[Seen]) -> Sequence[Change[Seen]]:
        """Take in what arrived and return what changed."""
        new = item.value
        if new is None:
            return ()
        identity = identify(self._kind, *item.name)
        known = self._seen.get(identity)
        if known is not None and known.same(new) and not new.young:
            return ()
        self._seen[identity] = new
        return (Change(EventType.MODIFIED if known else EventType.ADDED, known, new),)

    def remove(self, name: Name) -> Sequence[Change[Seen]]:
        """Forget an object and return what changed."""
        known = self._seen.pop(identify(self._kind, *name), None)
        return () if known is None else (Change(EventType.DELETED, known, None),)

    def replace(self, items: Mapping[Name, Item[Seen]]) -> Sequence[Change[Seen]]:
        """Become exactly these; return the changes, missed deletions first."""
        missed = [one for one in self if (one.namespace, one.name) not in items]
        changes = [change for one in missed for change in self.remove((one.namespace, one.name))]
        for item in items.values():
            changes += self.put(item)
        return changes
