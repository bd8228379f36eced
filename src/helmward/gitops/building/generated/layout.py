"""Lays a commit out as files, for commands that expect to find it so.

Nothing of it reaches beyond its folder: a link that leads out of the commit is
left out, and so is what would be git's own.
"""

import os
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import Entry, Tree, follow
from helmward.gitops.snapshot import Snapshot

MOST_FILES: Final = 50_000
MOST_BYTES: Final = 128 * 1024 * 1024
MOST_REFUSED: Final = 50
"""Files that cannot be read and are left out: pictures in Git LFS, archives."""
_EXECUTABLE: Final = "100755"
_BATCH: Final = 2_000
_FORBIDDEN: Final = frozenset({"", ".", "..", ".git"})


async def read_all(snapshot: Snapshot) -> dict[str, bytes]:
    """Return all regular files of a commit that can be read; few that cannot are left out.

    Raises:
        SourceRejected: there are too many, or too large ones.
        SourceUnavailable: they cannot be got.
    """
    names = [name for name, entry in snapshot.tree.items() if _is_file(name, entry)]
    if len(names) > MOST_FILES:
        raise SourceRejected(f"for commands a commit may have {MOST_FILES} files at most")
    contents: dict[str, bytes] = {}
    refused: list[str] = []
    for start in range(0, len(names), _BATCH):
        contents |= await _some(snapshot, names[start : start + _BATCH], refused)
        if sum(map(len, contents.values())) > MOST_BYTES:
            raise SourceRejected(f"for commands a commit may have {MOST_BYTES} bytes at most")
    return contents


async def _some(snapshot: Snapshot, names: Sequence[str], refused: list[str]) -> dict[str, bytes]:
    """Read files, halving them until those are found that cannot be read."""
    if not names:
        return {}
    try:
        return await snapshot.read(names)
    except SourceRejected:
        if len(names) == 1:
            refused.extend(names)
            if len(refused) > MOST_REFUSED:
                raise
            return {}
    half = len(names) // 2
    first = await _some(snapshot, names[:half], refused)
    return first | await _some(snapshot, names[half:], refused)


def lay_out(folder: Path, tree: Tree, contents: Mapping[str, bytes]) -> None:
    """Write files, then links: through these nothing is written.

    Raises:
        SourceRejected: the commit cannot be laid out on this machine.
    """
    try:
        for name, content in contents.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o700 if tree[name].mode == _EXECUTABLE else 0o600)
        for name, entry in tree.items():
            if entry.link and _is_safe(name) and _leads_inside(tree, name):
                link = folder / name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(entry.target)
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else "it is no path"
        raise SourceRejected(f"the commit cannot be laid out for commands: {words}") from error


def _is_file(name: str, entry: Entry) -> bool:
    return not entry.link and _is_safe(name)


def _is_safe(name: str) -> bool:
    return not any(part.lower() in _FORBIDDEN for part in name.split("/"))


def _leads_inside(tree: Tree, name: str) -> bool:
    try:
        return posixpath.normpath(follow(tree, name, name)).split("/")[0] not in {"..", ".git"}
    except SourceRejected:
        return False
