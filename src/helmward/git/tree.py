"""The files of a commit as git lists them, and where its links lead; pure.

Nothing is ever checked out: a symbolic link is only a name for another file or
folder of the same commit.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from helmward.errors import SourceRejected

MAX_LINKS: Final = 40
"""Links that are followed one after another, as Linux has it."""

LFS: Final = b"version https://git-lfs.github.com/spec/"
"""How a file begins that only says where Git LFS keeps the real one."""

_LINK: Final = "120000"
_FOLDER: Final = "040000"
_SUBMODULE: Final = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit as git lists it, or one folder where these are asked for."""

    mode: str
    oid: str
    size: int = 0
    """Of a blob, where it was asked for."""
    target: str = ""
    """Where a symbolic link points, as written."""

    @property
    def link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == _LINK

    @property
    def folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode == _FOLDER

    @property
    def submodule(self) -> bool:
        """Whether another repository stands there."""
        return self.mode == _SUBMODULE


Tree = Mapping[str, Entry]
"""The files of a commit by path."""


def read_tree(listing: bytes) -> Iterator[tuple[str, Entry]]:
    """Yield everything that `git ls-tree -z` lists, with `-l` or without."""
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, oid, *size = about.decode().split()
        known = int(size[0]) if size and size[0] != "-" else 0
        yield path.decode(errors="surrogateescape"), Entry(mode, oid, known)


def read_batch(output: bytes, oids: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield each blob of `git cat-file --batch`; None for one that is not there."""
    at = 0
    for oid in oids:
        end = output.index(b"\n", at)
        header = output[at:end].split()
        if len(header) != 3:  # noqa: PLR2004 - name, type, size; else it says `missing`
            yield oid, None
            at = end + 1
            continue
        size = int(header[2])
        yield oid, output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def with_targets(tree: Tree, contents: Mapping[str, bytes]) -> dict[str, Entry]:
    """Return the tree with what each link says; a link's content is its target."""
    return {path: _with_target(entry, contents) for path, entry in tree.items()}


def follow(tree: Tree, path: str, said: str) -> str:
    """Return what the path stands for when every link on the way is followed.

    Whether the commit has something there is for the caller to see.

    Raises:
        SourceRejected: a link leads out of the commit, or in a circle; `said` is named.
    """
    for _ in range(MAX_LINKS):
        link = _first_link(tree, path)
        if link is None:
            return path
        path = _target(tree[link], link, path[len(link) :], said)
    raise SourceRejected(f"{said}: the symbolic link leads in a circle")


def parents(name: str) -> Iterator[str]:
    """Yield the folders above, the nearest first; the last is the root, which is empty."""
    while name.strip("/"):
        name = posixpath.dirname(name)
        yield name


def _with_target(entry: Entry, contents: Mapping[str, bytes]) -> Entry:
    if not entry.link:
        return entry
    return replace(entry, target=contents[entry.oid].decode(errors="surrogateescape"))


def _first_link(tree: Tree, path: str) -> str | None:
    """Return the leftmost part of the path that is a symbolic link."""
    folders = [folder for folder in parents(path) if folder]
    for part in (*reversed(folders), path):
        if part in tree and tree[part].link:
            return part
    return None


def _target(entry: Entry, link: str, rest: str, said: str) -> str:
    # As text, `a/../b` is `b`, even if `a` is a link elsewhere: never out of the tree.
    path = posixpath.normpath(posixpath.join(posixpath.dirname(link), entry.target) + rest)
    if entry.target.startswith("/") or path == ".." or path.startswith("../"):
        raise SourceRejected(f"{said}: the symbolic link {link} leads out of the repository")
    return "" if path == "." else path
