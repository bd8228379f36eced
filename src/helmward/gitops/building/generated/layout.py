"""Lays a commit out as files, for commands that expect to find it so.

Nothing of it reaches beyond its folder: a link that leads out of the commit is
left out, and so is what would be git's own.
"""

import asyncio
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.tree import Entry, Tree, follow
from helmward.gitops.files import MAX_FILE
from helmward.gitops.snapshot import Snapshot

MOST_FILES: Final = 50_000
MOST_BYTES: Final = 128 * 1024 * 1024
MOST_REFUSED: Final = 50
"""Files that cannot be read and are left out: pictures in Git LFS, archives."""
_FILE: Final = "100644"
_LINK: Final = "120000"
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


def as_left(snapshot: Snapshot, folder: Path) -> Snapshot:
    """Return the copy of a commit as commands have left it.

    Raises:
        SourceRejected: they have left too many files in it.
    """
    tree = dict(islice(_entries(folder), MOST_FILES + 1))
    if len(tree) > MOST_FILES:
        raise SourceRejected(f"the commands left more than {MOST_FILES} files")

    async def read(names: Iterable[str]) -> dict[str, bytes]:
        files = {name: folder / follow(tree, name, name) for name in names}
        return await asyncio.to_thread(_contents, files)

    return Snapshot(snapshot.head, tree, read, snapshot.commit, snapshot.submodules)


def _entries(folder: Path) -> Iterator[tuple[str, Entry]]:
    for above, folders, files in os.walk(folder):
        for path in (Path(above, name) for name in (*folders, *files)):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                yield name, Entry(_LINK, name, target=str(path.readlink()))
            elif path.is_file():
                yield name, Entry(_FILE, name, path.stat().st_size)


def _contents(files: Mapping[str, Path]) -> dict[str, bytes]:
    found = {}
    for name, path in files.items():
        try:
            with path.open("rb") as file:
                found[name] = file.read(MAX_FILE + 1)
        except OSError as error:
            words = error.strerror or "it cannot be read"
            raise SourceRejected(f"{name}: what a command wrote: {words}") from error
        if len(found[name]) > MAX_FILE:
            raise SourceRejected(f"{name}: what a command wrote has more than {MAX_FILE} bytes")
    return found


def _is_file(name: str, entry: Entry) -> bool:
    return not entry.link and _is_safe(name)


def _is_safe(name: str) -> bool:
    return not any(part.lower() in _FORBIDDEN for part in name.split("/"))


def _leads_inside(tree: Tree, name: str) -> bool:
    try:
        return posixpath.normpath(follow(tree, name, name)).split("/")[0] not in {"..", ".git"}
    except SourceRejected:
        return False
