"""Who holds which release name; names are unique within the scope of a generation.

`observe` asks for the holder, `loop` settles what a HelmRelease keeps. Lives
in memory: after a restart the holders are found again from storage and status.
"""

from collections.abc import Callable, Iterable

from helmward.model import Declared, Key

Claimants = Callable[[str], Iterable[Declared]]
OwnerOf = Callable[[Declared], str]


class Names:
    """Gives each name to one HelmRelease, and keeps it there until it lets go.

    `claimants` yields the HelmReleases that ask for a name now; `owner_of`
    says whose release stands in Helm's storage under the name; `on_freed` is
    called with each name that is let go.
    """

    def __init__(
        self, claimants: Claimants, owner_of: OwnerOf, on_freed: Callable[[str], None]
    ) -> None:
        self._claimants = claimants
        self._owner_of = owner_of
        self._on_freed = on_freed
        self._held: dict[str, Key] = {}
        self._names: dict[Key, set[str]] = {}

    def holder(self, name: str) -> Key | None:
        """Return who holds the name; give it to the claimant with the best title if nobody does."""
        if held := self._held.get(name):
            return held
        best = min(self._claimants(name), key=self._title, default=None)
        if best is None:
            return None
        self._take(name, best.key)
        return best.key

    def keep(self, key: Key, names: Iterable[str]) -> None:
        """Let a HelmRelease hold only these of its names."""
        held = self._names.pop(key, set())
        kept = held & set(names)
        if kept:
            self._names[key] = kept
        for name in sorted(held - kept):
            del self._held[name]
            self._on_freed(name)

    def _take(self, name: str, key: Key) -> None:
        self._held[name] = key
        self._names.setdefault(key, set()).add(name)

    def _title(self, declared: Declared) -> tuple[bool, bool, float, Key]:
        """Order claimants: who owns the release, who once had it, who came first."""
        owns = self._owner_of(declared) == declared.key.owner
        had = declared.told.release_name == declared.release.name and declared.told.revision > 0
        created = declared.created.timestamp() if declared.created else 0.0
        return (not owns, not had, created, declared.key)
