"""Reads what lies in a bare repository on the disk, and asks nobody else.

Used by `mirror`, which fetches. Git would ask the remote for each missing file
alone: here it may not.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from helmward.git.program import Git, GitFailed
from helmward.git.tree import Entry, read_batch, read_tree

HASHES: Final = {40: "sha1", 64: "sha256"}
"""The hash by which git names things, by the length of the names."""


class Broken(Exception):
    """The copy cannot be read; the words are git's own."""


class Copy:
    """One bare repository. What is not in it is simply left out of the answers."""

    def __init__(self, folder: Path, git: Git) -> None:
        self.folder = folder
        self._git = git

    @property
    def packs(self) -> int:
        """How many packs it has: each fetch leaves some."""
        return sum(1 for _ in (self.folder / "objects" / "pack").glob("*.pack"))

    async def commit(self, name: str) -> str:
        """Return the commit that a name stands for; empty where there is none."""
        asked = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
        try:
            return (await self._ask(*asked)).decode().strip()
        except Broken:
            return ""

    async def tree(self, commit: str, paths: Iterable[str]) -> dict[str, Entry]:
        """Return what a commit has at, below and on the way to some paths; no path is all of it.

        Raises:
            Broken: it cannot be read.
        """
        asked = ("ls-tree", "-r", "-t", "-z", "--full-tree", commit, "--", *paths)
        return dict(read_tree(await self._ask(*asked)))

    async def sizes(self, oids: list[str]) -> dict[str, int]:
        """Return the sizes of those files that are here.

        Raises:
            Broken: it cannot be read.
        """
        if not oids:
            return {}
        form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
        output = await self._ask("cat-file", form, stdin=lines(oids))
        found = (line.split() for line in output.decode().splitlines())
        return {line[0]: int(line[2]) for line in found if line[-1] != "missing"}

    async def contents(self, oids: list[str]) -> dict[str, bytes]:
        """Return the content of files that are here and whole.

        Raises:
            Broken: one of them is not.
        """
        if not oids:
            return {}
        output = await self._ask("cat-file", "--batch", stdin=lines(oids))
        found = {}
        for oid, content in read_batch(output, oids):
            if content is None or not is_whole(oid, content):
                raise Broken(f"the object {oid} is damaged")
            found[oid] = content
        return found

    async def _ask(self, *args: str, stdin: bytes = b"") -> bytes:
        try:
            return await self._git("--git-dir", str(self.folder), *args, stdin=stdin)
        except GitFailed as error:
            raise Broken(str(error).strip()) from None


def is_whole(oid: str, content: bytes) -> bool:
    """Tell whether a file is what its name says."""
    named = hashlib.new(HASHES[len(oid)], usedforsecurity=False)
    named.update(b"blob %d\0" % len(content))
    named.update(content)
    return named.hexdigest() == oid


def lines(oids: Iterable[str]) -> bytes:
    """Write names as git reads them."""
    return "".join(f"{oid}\n" for oid in oids).encode()
