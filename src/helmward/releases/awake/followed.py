"""What is kept of each release whose objects are followed."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from helmward.model import KINDS, Revision
from helmward.releases.awake.inventory import GroupKind, Inventory, Kinds, in_force, kinds_of


@dataclass(slots=True)
class Lost:
    """An object that went, or never was seen, while its release says that it is there."""

    ours: bytes = b""
    """Digest of our entry, as it was last."""
    kind: GroupKind | None = None
    namespace: str = ""
    name: str = ""
    """Empty for what never was seen: nobody can name it."""
    settled: bool = False
    """It was looked for since."""


@dataclass(slots=True)
class Followed:
    """One release."""

    kinds: Kinds = field(default_factory=lambda: kinds_of(""))
    revision: str = ""
    """The uid of the revision that is in force."""
    fresh_until: float = 0.0
    """Until when the watch may be behind what that revision wrote."""
    lost: dict[bytes, Lost] = field(default_factory=dict)

    def renew(self, revision: str, inventory: Inventory | None, fresh_until: float) -> None:
        """Go over to another revision; of what it does not have nothing is lost."""
        self.revision, self.fresh_until = revision, fresh_until
        kept = inventory.objects if inventory else {}
        self.lost = {identity: one for identity, one in self.lost.items() if identity in kept}


class Needs:
    """The kinds that releases have objects of, each with the versions that it is had in."""

    def __init__(self) -> None:
        self._having: dict[GroupKind, Counter[str]] = {}

    def __iter__(self) -> Iterator[GroupKind]:
        """Yield the kinds that are needed."""
        yield from [*self._having]

    def __contains__(self, kind: object) -> bool:
        """Tell whether a release has objects of a kind."""
        return kind in self._having

    def versions(self, kind: GroupKind) -> list[str]:
        """Return the versions in which releases have a kind, the most usual first."""
        return [version for version, _ in self._having.get(kind, Counter()).most_common()]

    def change(self, old: Kinds, new: Kinds) -> None:
        """Note that a release has other kinds than before."""
        for kind, version in new.items():
            self._having.setdefault(kind, Counter())[version] += 1
        for kind, version in old.items():
            left = self._having[kind] = self._having[kind] - Counter([version])
            if not left:
                del self._having[kind]


def kinds_in_force(revisions: Iterable[Revision]) -> Kinds:
    """Return the kinds of the revisions of a release that are in force.

    While an upgrade runs, or after one that failed, that is the one before it.
    """
    told = [one.annotations.get(KINDS, "") for one in revisions if in_force(one)]
    return kinds_of(",".join(reversed(told)))
