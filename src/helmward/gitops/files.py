"""Reads files of one commit, as many as are asked for; nothing is checked out.

Made by `source` for a snapshot. Knows no manifests: what a file is good for is
for the builders to say.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from helmward.errors import SourceRejected
from helmward.git.mirror import Head, Mirror
from helmward.git.tree import LFS, Tree, follow
from helmward.gitops.build import listed

MAX_FILE: Final = 10 * 1024 * 1024
MAX_TOTAL: Final = 128 * 1024 * 1024
"""Bytes of all files that are read at once."""


class Files:
    """The files of one commit by the paths of its tree; a link is what it leads to."""

    def __init__(self, mirror: Mirror, head: Head, tree: Tree) -> None:
        self._mirror = mirror
        self._head = head
        self._tree = tree

    async def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the files by these paths; those that are not here yet come in one request.

        Raises:
            SourceRejected: a path is no file of the commit, too large, or a
                pointer of Git LFS; each is named.
            SourceUnavailable: the remote does not send them.
        """
        wanted = {path: self._oid(path) for path in paths}
        sizes = await self._mirror.sizes(self._head, wanted.values())
        check_sizes({path: sizes[oid] for path, oid in wanted.items()})
        contents = await self._mirror.contents(self._head, wanted.values())
        found = {path: contents[oid] for path, oid in wanted.items()}
        check_contents(found)
        return found

    def _oid(self, path: str) -> str:
        entry = self._tree.get(path)
        if entry is None or entry.link:
            entry = self._tree.get(follow(self._tree, path, path))
        if entry is None:
            raise SourceRejected(f"{path}: is no file of commit {self._head.commit[:12]}")
        return entry.oid


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Refuse what is larger than manifests are.

    Raises:
        SourceRejected: the message names the files and the limit.
    """
    large = [
        f"{path}: {size} bytes are more than {MAX_FILE} for a file"
        for path, size in sizes.items()
        if size > MAX_FILE
    ]
    if large:
        raise SourceRejected(listed(large))
    if (total := sum(sizes.values())) > MAX_TOTAL:
        raise SourceRejected(f"the files have {total} bytes, more than {MAX_TOTAL} in all")


def check_contents(files: Mapping[str, bytes]) -> None:
    """Refuse files that only say where they are.

    Raises:
        SourceRejected: the message names them.
    """
    pointers = [
        f"{path}:1: this is a pointer of Git LFS, which Helmward does not follow:"
        " keep the manifest itself in git"
        for path, content in files.items()
        if content.startswith(LFS)
    ]
    if pointers:
        raise SourceRejected(listed(pointers))
