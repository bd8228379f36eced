"""What an informer knows of one kind; everybody reads, only the informer writes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

Name = tuple[str, str]
"""Namespace and name; the namespace of a cluster-wide object is empty."""


class EventType(StrEnum):
    """What became of an object, in the API server's words."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One object as it arrived; `value` is None when its decoder refused it."""

    name: Name
    uid: str
    version: str
    value: T | None


class Change(NamedTuple, Generic[T]):
    """What a subscriber is told."""

    type: EventType
    old: T | None
    new: T | None


class Keeper(Protocol[T]):
    """Who keeps what an informer hears; a `Store`, unless all of an object is too much."""

    def __iter__(self) -> Iterator[T]:
        """Walk over a copy of what there is."""
        ...

    def put(self, item: Item[T], /) -> Sequence[Change[T]]:
        """Take in what arrived and return what changed."""
        ...

    def remove(self, name: Name, /) -> Sequence[Change[T]]:
        """Forget an object and return what changed."""
        ...

    def replace(self, items: Mapping[Name, Item[T]], /) -> Sequence[Change[T]]:
        """Become exactly these; return the changes, missed deletions first."""
        ...


@dataclass(slots=True)
class _Index(Generic[T]):
    keys_of: Callable[[T], Iterable[str]]
    names: dict[str, dict[Name, None]] = field(default_factory=dict)

    def add(self, name: Name, value: T) -> None:
        for key in self.keys_of(value):
            self.names.setdefault(key, {})[name] = None

    def remove(self, name: Name, value: T) -> None:
        for key in self.keys_of(value):
            names = self.names.get(key, {})
            names.pop(name, None)
            if not names:
                self.names.pop(key, None)


class Store(Generic[T]):
    """The objects of one kind by namespace and name, with optional indexes.

    An object whose newest version cannot be decoded stays as it was last
    understood, and one that was never understood is absent.
    """

    def __init__(self) -> None:
        self._items: dict[Name, Item[T]] = {}
        self._indexes: dict[str, _Index[T]] = {}

    def __len__(self) -> int:
        """Return how many objects there are."""
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        """Walk over a copy, so that the store may change meanwhile."""
        return iter(self.list())

    def get(self, namespace: str | None, name: str) -> T | None:
        """Return one object, if it is there."""
        item = self._items.get((namespace or "", name))
        return item.value if item else None

    def list(self) -> Sequence[T]:
        """Return all objects, in no particular order."""
        return [item.value for item in self._items.values() if item.value is not None]

    def add_index(self, name: str, keys_of: Callable[[T], Iterable[str]]) -> None:
        """Let `by_index` find objects by what `keys_of` says of them; it must be pure."""
        index = self._indexes[name] = _Index(keys_of)
        for item in self._items.values():
            if item.value is not None:
                index.add(item.name, item.value)

    def by_index(self, name: str, key: str) -> Sequence[T]:
        """Return the objects of which the index says `key`."""
        found = (self._items[at].value for at in self._indexes[name].names.get(key, ()))
        return [value for value in found if value is not None]

    def put(self, item: Item[T]) -> Sequence[Change[T]]:
        """Take in what arrived and return what changed; an equal version is no change."""
        known = self._items.get(item.name)
        if known and known.version == item.version:
            return ()
        # Deleted and created again while nobody watched: both are told.
        anew = known is not None and known.uid != item.uid
        gone = self.remove(item.name) if anew else ()
        return gone if item.value is None else (*gone, self._set(item))

    def _set(self, item: Item[T]) -> Change[T]:
        known = self._items.get(item.name)
        self._items[item.name] = item
        for index in self._indexes.values():
            if known and known.value is not None:
                index.remove(item.name, known.value)
            if item.value is not None:
                index.add(item.name, item.value)
        kind = EventType.MODIFIED if known else EventType.ADDED
        return Change(kind, known.value if known else None, item.value)

    def remove(self, name: Name) -> Sequence[Change[T]]:
        """Forget an object and return what changed."""
        known = self._items.pop(name, None)
        if known is None or known.value is None:
            return ()
        for index in self._indexes.values():
            index.remove(name, known.value)
        return (Change(EventType.DELETED, known.value, None),)

    def replace(self, items: Mapping[Name, Item[T]]) -> Sequence[Change[T]]:
        """Become exactly these; return the changes, missed deletions first."""
        missed = [name for name in self._items if name not in items]
        changes = [change for name in missed for change in self.remove(name)]
        for item in items.values():
            changes += self.put(item)
        return changes
