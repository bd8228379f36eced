"""Who holds which release name; each generation says within what its names are unique.

`observe` asks for the holder, `loop` settles what a HelmRelease keeps. Lives
in memory: after a restart the holders are found again from storage and status.
"""

from collections.abc import Callable, Iterable

from helmward.model import Declared, Key

Claimants = Callable[[str], Iterable[Declared]]
OwnerOf = Callable[[Declared], str]
ScopesOf = Callable[[Declared], tuple[str, ...]]


class Names:
    """Gives each name to one HelmRelease, and keeps it there until it lets go.

    A HelmRelease may need several names at once, its own in the cluster and in
    its namespace: it gets all of them or none. `claimants` yields the
    HelmReleases that ask for a name now, of every generation; `owner_of` says
    whose release stands in Helm's storage; `on_freed` is called with each name
    that is let go.
    """

    def __init__(
        self,
        claimants: Claimants,
        owner_of: OwnerOf,
        scopes_of: ScopesOf,
        on_freed: Callable[[str], None],
    ) -> None:
        self._claimants = claimants
        self._owner_of = owner_of
        self._scopes_of = scopes_of
        self._on_freed = on_freed
        self._held: dict[str, Key] = {}
        self._names: dict[Key, set[str]] = {}

    def rival(self, declared: Declared) -> Key | None:
        """Return who else holds a name that is asked for; None when it is all the asker's.

        A name that nobody holds goes to the claimant with the best title.
        """
        scopes = self._scopes_of(declared)
        for name in scopes:
            if (holder := self._holder(name)) not in {None, declared.key}:
                return holder
        for name in scopes:
            self._take(name, declared.key)
        return None

    def keep(self, key: Key, names: Iterable[str]) -> None:
        """Let a HelmRelease hold only these of its names."""
        held = self._names.pop(key, set())
        kept = held & set(names)
        if kept:
            self._names[key] = kept
        for name in sorted(held - kept):
            del self._held[name]
            self._on_freed(name)

    def _holder(self, name: str) -> Key | None:
        if held := self._held.get(name):
            return held
        able = (one for one in self._claimants(name) if self._may_take(one))
        best = min(able, key=self._title, default=None)
        return best.key if best else None

    def _may_take(self, declared: Declared) -> bool:
        """Whether none of the names that are asked for is another's already."""
        names = self._scopes_of(declared)
        return all(self._held.get(name, declared.key) == declared.key for name in names)

    def _take(self, name: str, key: Key) -> None:
        self._held[name] = key
        self._names.setdefault(key, set()).add(name)

    def _title(self, declared: Declared) -> tuple[bool, bool, float, Key]:
        """Order claimants: who owns the release, who once had it, who came first."""
        owns = self._owner_of(declared) == declared.key.owner
        had = declared.told.release_name == declared.release.name and declared.told.revision > 0
        created = declared.created.timestamp() if declared.created else 0.0
        return (not owns, not had, created, declared.key)
