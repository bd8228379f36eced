"""The commits between two of them, as git keeps them, without a single file.

Used by `gitops.verify`. What is fetched once stays, so that a new commit costs
one short request.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helmward.errors import SourceRejected, SourceUnavailable
from helmward.git.aside import Aside, Door
from helmward.git.refs import is_commit

LONGEST: Final = 10_000
"""Commits that are looked at, at once."""

_HEAD: Final = "refs/helmward/head"
_SINCE: Final = "refs/helmward/since"
_TAG: Final = "refs/helmward/tag"


@dataclass(frozen=True, slots=True)
class Walk:
    """What leads from one commit to another."""

    head: str
    since: str
    """Empty where all history was asked for, or there is no such commit any more."""
    parents: Mapping[str, tuple[str, ...]]
    """Of each commit, in an order in which parents come first."""

    @property
    def line(self) -> tuple[str, ...]:
        """The commits that one comes by when following first parents, the oldest first."""
        found, commit = [], self.head
        while commit in self.parents:
            found.append(commit)
            commit = next(iter(self.parents[commit]), "")
        return tuple(reversed(found))


class History:
    """The history of one remote, in a folder of its own.

    With `tips`, only the commits that are asked for, without what is before them.
    """

    def __init__(self, door: Door, folder: Path, *, tips: bool = False) -> None:
        self._aside = Aside(door, folder)
        self._depth = 1 if tips else 0

    async def walk(self, name: str, head: str, since: str = "", *, along: bool = False) -> Walk:
        """Return what leads to `head`, which the ref `name` has or had, and is not before `since`.

        With `along`, only what one comes by when following first parents.

        Raises:
            SourceUnavailable: the remote does not answer, or has no such commit any more.
            SourceRejected: it is too long.
        """
        await self.have(name, head)
        known = since if is_commit(since) and await self._get_since(since) else ""
        options = ["--first-parent"] if along else []
        listing = await self._aside.ask(
            *("rev-list", "--topo-order", "--reverse", "--parents", *options),
            *(f"--max-count={LONGEST + 1}", "--end-of-options", head),
            *([f"^{known}"] if known else []),
        )
        parents = read_parents(listing.decode())
        if len(parents) > LONGEST:
            raise SourceRejected(
                f"more than {LONGEST} commits lead to {head[:12]}: that is too many to look at"
            )
        return Walk(head, known, parents)

    async def have(self, name: str, head: str) -> None:
        """See to it that a commit is here, which the ref `name` has or had.

        Raises:
            SourceUnavailable: as for `walk`.
        """
        if await self._aside.find(head):
            return
        await self._fetch(name, _HEAD, head)
        if not await self._aside.find(head):
            # The branch was moved elsewhere meanwhile.
            await self._fetch(head, _HEAD, head)

    async def read(self, commits: Iterable[str]) -> dict[str, bytes]:
        """Return commits and tags as git keeps them; one that is too large is left out."""
        return await self._aside.read(commits)

    async def tag(self, name: str, like: str) -> str:
        """Fetch a tag by its full name; return the tag itself, or the commit that it stands for.

        Raises:
            SourceUnavailable: the remote does not answer, or has no such tag.
        """
        await self._fetch(name, _TAG, like)
        return await self._aside.find(_TAG, "object")

    async def commit_of(self, name: str) -> str:
        """Return the commit that an object stands for; empty where there is none."""
        return await self._aside.find(name)

    async def _get_since(self, since: str) -> bool:
        if not await self._aside.find(since):
            with suppress(SourceUnavailable):
                await self._fetch(since, _SINCE, since)
        return bool(await self._aside.find(since))

    async def _fetch(self, name: str, kept: str, like: str) -> None:
        await self._aside.fetch(f"+{name}:{kept}", like=like, depth=self._depth)


def read_parents(listing: str) -> dict[str, tuple[str, ...]]:
    """Read what `git rev-list --parents` prints."""
    rows = (line.split() for line in listing.splitlines())
    return {commit: tuple(parents) for commit, *parents in rows}


def steps(walk: Walk) -> Iterator[tuple[str, ...]]:
    """Yield the commits of the line with all that each brings in; parents first, itself last."""
    place = {commit: number for number, commit in enumerate(walk.parents)}
    seen: set[str] = set()
    for commit in walk.line:
        yield tuple(sorted(_brought(commit, walk.parents, seen), key=place.__getitem__))


def _brought(commit: str, parents: Mapping[str, tuple[str, ...]], seen: set[str]) -> set[str]:
    """Return the commits of the walk that lead to this one and were not seen; now they are."""
    found: set[str] = set()
    waiting = [commit]
    while waiting:
        one = waiting.pop()
        if one in parents and one not in seen:
            seen.add(one)
            found.add(one)
            waiting += parents[one]
    return found
