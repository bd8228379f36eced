"""A working tree, or a commit of a repository on this machine, as a Snapshot.

Called by `look`. Git is asked, never a remote; nothing is written and nothing
checked out.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid, SourceRejected
from helmward.git.program import Git, GitFailed, write_config
from helmward.git.tree import Entry, Tree, read_batch, read_tree, with_targets
from helmward.gitops.snapshot import Commit, Head, Snapshot

SECONDS: Final = 60.0
"""How long one git command may take."""
LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file."""
_LISTED: Final = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name")


@dataclass(frozen=True, slots=True)
class Local:
    """What was found on this machine."""

    snapshot: Snapshot
    folder: str
    """The part of the tree that was named, relative to its root; empty is all of it."""
    subject: str
    """For people: the folder, or the commit."""


async def local(named: str, home: Path) -> Local:
    """Return the folder or the commit that is named; a folder counts where both could be meant.

    `home` is a private folder, where git's only configuration is put.

    Raises:
        ConfigInvalid: it is neither, or the program git is missing.
    """
    write_config(home, {"safe.directory": "*", "core.hooksPath": "/dev/null"})
    git = Git(home, SECONDS)
    if (folder := _folder(named)) is not None:
        return await _from_folder(git, folder)
    return await _from_commit(git, Path.cwd(), named)


def _folder(named: str) -> Path | None:
    return Path(named).resolve() if Path(named).is_dir() else None


async def _from_folder(git: Git, folder: Path) -> Local:
    top = await _top(git, folder)
    root = top or folder
    names = await _names(git, root) if top else _walk(root)
    tree = {name: entry for name in names if (entry := _entry(root, name))}

    async def read(wanted: Iterable[str]) -> dict[str, bytes]:
        return {name: _content(root, name) for name in wanted}

    inside = folder.relative_to(root).as_posix()
    below = "" if inside == "." else inside
    head = Head(ref=str(folder), sha="")
    return Local(Snapshot(head, tree, read), below, f"the folder {folder}")


async def _from_commit(git: Git, folder: Path, ref: str) -> Local:
    top = await _top(git, folder)
    sha = await _commit(git, top, ref) if top and not ref.startswith("-") else ""
    if top is None or not sha:
        raise ConfigInvalid(
            f"{ref!r} is neither a folder nor a commit of a git repository here: name a folder, "
            "or run it in a clone and name a branch, tag or commit"
        )
    there = ("-C", str(top))
    listing = await git(*there, "ls-tree", "-r", "-z", "-l", "--full-tree", sha)
    tree: Tree = {name: one for name, one in read_tree(listing) if not one.submodule}
    links = [one.oid for one in tree.values() if one.link]
    tree = with_targets(tree, await _blobs(git, top, links))

    async def read(wanted: Iterable[str]) -> dict[str, bytes]:
        chosen = {name: tree[name] for name in wanted}
        for name, one in chosen.items():
            _refuse_large(name, one.size)
        contents = await _blobs(git, top, [one.oid for one in chosen.values()])
        return {name: contents[one.oid] for name, one in chosen.items()}

    subject = (await git(*there, "log", "-1", "--format=%s", sha)).decode(errors="replace").strip()
    commit = Commit(sha, subject=subject)
    return Local(Snapshot(Head(ref, sha), tree, read, commit), "", f"{ref} ({sha[:12]})")


async def _top(git: Git, folder: Path) -> Path | None:
    """Return the root of the working tree that the folder is in; None outside of any."""
    try:
        said = await git("-C", str(folder), "rev-parse", "--show-toplevel")
    except GitFailed:
        return None
    return _folder(os.fsdecode(said.rstrip(b"\n")))


async def _commit(git: Git, top: Path, ref: str) -> str:
    asked = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    try:
        return (await git("-C", str(top), *asked)).decode().strip()
    except GitFailed:
        return ""


async def _names(git: Git, top: Path) -> list[str]:
    """Return what a commit of everything would have: what is ignored is left out."""
    listing = await git("-C", str(top), *_LISTED)
    return sorted({os.fsdecode(name) for name in listing.split(b"\0") if name})


def _walk(root: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [one for one in folders if one != ".git"]
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in names]
    return sorted(found)


def _entry(root: Path, name: str) -> Entry | None:
    """Return a file as git would list it; None for one that was deleted."""
    try:
        about = (root / name).lstat()
    except OSError:
        return None
    if stat.S_ISLNK(about.st_mode):
        target = str((root / name).readlink())
        return Entry("120000", f"disk:{name}", about.st_size, target)
    if not stat.S_ISREG(about.st_mode):
        return None
    mode = "100755" if about.st_mode & stat.S_IXUSR else "100644"
    return Entry(mode, f"disk:{name}", about.st_size)


def _content(root: Path, name: str) -> bytes:
    """Return a file's content; a link was followed in the tree before, not here."""
    descriptor = os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(LARGEST + 1)
    _refuse_large(name, len(content))
    return content


def _refuse_large(name: str, size: int) -> None:
    if size > LARGEST:
        raise SourceRejected(f"{name}: more than {LARGEST} bytes for a file")


async def _blobs(git: Git, top: Path, oids: Iterable[str]) -> dict[str, bytes]:
    wanted = list(dict.fromkeys(oids))
    if not wanted:
        return {}
    asked = "".join(f"{oid}\n" for oid in wanted).encode()
    output = await git("-C", str(top), "cat-file", "--batch", stdin=asked)
    return {oid: content or b"" for oid, content in read_batch(output, wanted)}
