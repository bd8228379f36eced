"""Files that git-secret has hidden: `a.yaml` stands in git as `a.yaml.secret`.

Which they are, its list of paths says. In a commit that was revealed, the plain
files stand in their places.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import Tree
from helmward.gitops.build import listed
from helmward.gitops.snapshot import Snapshot

LIST: Final = ".gitsecret/paths/mapping.cfg"
SUFFIX: Final = ".secret"
_HASH: Final = re.compile(r":[0-9a-fA-F]*\s*$")
"""After each path: what its plain content was when it was hidden."""


@dataclass(frozen=True)
class Revealed(Snapshot):
    """A commit in which hidden files stand under their own names."""

    origin: Snapshot | None = None
    """The commit as git has it."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """What git has instead of each of them."""


async def reveal(snapshot: Snapshot) -> Snapshot:
    """Return the commit with its hidden files in their places; they are not opened yet.

    Raises:
        SourceRejected: one of them is not in the commit.
    """
    if LIST not in snapshot.tree:
        return snapshot
    content = (await snapshot.read([LIST]))[LIST]
    hidden = _hidden(content.decode(errors="replace"), snapshot.tree)
    own = {name: replace(snapshot.tree[sealed], size=0) for name, sealed in hidden.items()}
    tree: Tree = {**snapshot.tree, **own}
    return Revealed(
        snapshot.head,
        tree,
        snapshot.read,
        snapshot.commit,
        snapshot.submodules,
        origin=snapshot,
        hidden=hidden,
    )


def _hidden(text: str, tree: Tree) -> dict[str, str]:
    faults: list[str] = []
    found: dict[str, str] = {}
    for line, path in _paths(text):
        sealed = f"{path}{SUFFIX}"
        if sealed in tree and not tree[sealed].link:
            found[path] = sealed
        else:
            faults.append(
                f"{LIST}:{line}: {sealed} is not in the commit: run `git secret hide` and add it"
            )
    if faults:
        raise SourceRejected(listed(faults))
    return found


def _paths(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        path = _HASH.sub("", line).strip()
        if path:
            yield number, posixpath.normpath(path)
