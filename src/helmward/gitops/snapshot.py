"""What a commit is to the rest of this room: its name, its tree, and its files when read.

Made by `source`, read by `build` and the builders. Knows neither git's program
nor the cluster.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from helmward.git.tree import Tree

Read = Callable[[Iterable[str]], Awaitable[dict[str, bytes]]]
"""Reads files of a commit by their paths, those of the tree and no others."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What people know a commit by."""

    sha: str
    author: str = ""
    subject: str = ""
    """The first line of its message, shortened."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A commit, and what leads to it."""

    ref: str
    """As people say it: the branch, tag, ref or commit that was asked for."""
    sha: str
    name: str = ""
    """The full name of the ref that it is fetched by, or the commit's own."""


@dataclass(frozen=True)
class Snapshot:
    """A commit that was fetched; symbolic links of the tree have their targets."""

    head: Head
    tree: Tree
    read: Read = field(repr=False)
    commit: Commit = field(default=Commit(""))
    submodules: tuple[str, ...] = ()
    """Where other repositories stand; nothing is in them here."""
