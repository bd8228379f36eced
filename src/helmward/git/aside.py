"""A bare repository beside the mirror, for what has no files: histories, and tags to push.

Used by `history` and `writing`. It never asks for what is missing in it: git
would do so by itself, object by object.
"""

import asyncio
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from helmward.errors import SourceUnavailable
from helmward.git.copies import HASHES, Broken, lines
from helmward.git.remote import Remote
from helmward.git.tree import read_batch

LARGEST: Final = 1 << 20
"""Bytes of a commit or a tag."""
MOST_PACKS: Final = 64
"""With more of them the repository is made anew."""

_FILTERS: Final = (("--filter=tree:0",), ("--filter=blob:none",), ())
"""Ways to ask for commits without files; some servers know none."""
_REFUSED: Final = re.compile(r"filter")
_FETCH: Final = (
    # What was committed long ago is often not as git wants it today; names are checked anyway.
    *("-c", "fetch.fsckObjects=false", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"),
    *("--no-recurse-submodules", "--no-auto-maintenance"),
)


class Door(Protocol):
    """Where one remote is asked, by somebody who holds its login."""

    @property
    def remote(self) -> Remote:
        """The repository that is asked."""

    async def ask_remote(
        self, *args: str, stdin: bytes = b"", git_dir: Path | None = None
    ) -> bytes:
        """Run git in a repository of ours, with the login laid out.

        Raises:
            SourceUnavailable: with git's words, which hold nothing secret any more.
        """

    async def local(self, *args: str, stdin: bytes = b"", git_dir: Path | None = None) -> bytes:
        """Run git in a repository of ours, such that it reaches no remote.

        Raises:
            Broken: it cannot be read; the words are git's own.
        """


class Aside:
    """One repository in a folder of its own, in which no file is checked out or kept."""

    def __init__(self, door: Door, folder: Path) -> None:
        self.door = door
        self.folder = folder
        self._filter = 0

    async def fetch(self, *refspecs: str, like: str, depth: int = 0) -> None:
        """Get commits without their files; `like` is the name of any of them.

        A repository that is broken is made anew; one that serves is replaced
        only by what is whole.

        Raises:
            SourceUnavailable: the remote does not answer, refuses us, or has no such.
        """
        packs = sum(1 for _ in (self.folder / "objects" / "pack").glob("*.pack"))
        if 0 < packs <= MOST_PACKS:
            with suppress(SourceUnavailable):
                return await self._lean(self.folder, refspecs, _depth(depth))
        return await self.anew(*refspecs, like=like, depth=depth)

    async def anew(self, *refspecs: str, like: str, depth: int = 0) -> None:
        """Get commits without their files, and forget all others.

        Raises:
            SourceUnavailable: as for `fetch`.
        """
        spare = self.folder.with_name(f"{self.folder.name}-anew")
        await self._init(spare, like)
        await self._lean(spare, refspecs, _depth(depth))
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
        with self._writing():
            spare.rename(self.folder)

    async def whole(self, refspec: str, like: str) -> None:
        """Get a commit with its files, in a repository made anew.

        Raises:
            SourceUnavailable: as for `fetch`.
        """
        await self._init(self.folder, like)
        await self._get(self.folder, (refspec,), ("--depth=1",))

    async def push(self, *refspecs: str) -> None:
        """Make the remote's refs what they are here; an empty source deletes.

        Raises:
            SourceUnavailable: the remote does not answer, or refuses it.
        """
        # What the remote has is asked for: its files are not here to be sent again.
        options = ("-c", "push.negotiate=true", "push", "--quiet", "--force", "--no-verify")
        url = self.door.remote.url
        await self.door.ask_remote(*options, "--", url, *refspecs, git_dir=self.folder)

    async def ask(self, *args: str, stdin: bytes = b"") -> bytes:
        """Run git in the repository.

        Raises:
            SourceUnavailable: it cannot be read.
        """
        return await self._local(*args, stdin=stdin, folder=self.folder)

    async def find(self, name: str, kind: str = "commit") -> str:
        """Return the object that a name stands for; empty where it is not here."""
        if not self.folder.exists():
            return ""
        try:
            said = await self.ask("cat-file", "--batch-check", stdin=lines([f"{name}^{{{kind}}}"]))
        except SourceUnavailable:
            return ""  # broken: the next fetch makes it anew
        found = said.decode().split()
        return found[0] if found and found[-1].isdigit() else ""

    async def read(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Return commits and tags as git keeps them; those that are too large are left out.

        Raises:
            SourceUnavailable: one is not here.
        """
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return {}
        form = "--batch-check=%(objectsize) %(objectname)"
        sizes = (await self.ask("cat-file", form, stdin=lines(wanted))).decode().splitlines()
        small = [line.split()[1] for line in sizes if _is_small(line)]
        output = await self.ask("cat-file", "--batch", stdin=lines(small))
        return {oid: raw for oid, raw in read_batch(output, small) if raw is not None}

    async def _lean(self, folder: Path, refspecs: Iterable[str], options: Iterable[str]) -> None:
        """Fetch without files, in the leanest way that the server knows."""
        while True:
            try:
                return await self._get(folder, refspecs, (*options, *_FILTERS[self._filter]))
            except SourceUnavailable as error:
                if self._filter + 1 == len(_FILTERS) or not _REFUSED.search(str(error)):
                    raise
            self._filter += 1

    async def _get(self, folder: Path, refspecs: Iterable[str], options: Iterable[str]) -> None:
        url = self.door.remote.url
        try:
            await self.door.ask_remote(*_FETCH, *options, "--", url, *refspecs, git_dir=folder)
        finally:
            with self._writing():
                for half in (folder / "objects" / "pack").glob("tmp_*"):
                    half.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceUnavailable(
                f"git repository {self.door.remote}: {self.folder} cannot be written:"
                f" {error.strerror}"
            ) from error

    async def _init(self, folder: Path, like: str) -> None:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        init = ("init", "--quiet", "--bare", "--template=", f"--object-format={HASHES[len(like)]}")
        await self._local(*init, folder=folder)

    async def _local(self, *args: str, stdin: bytes = b"", folder: Path) -> bytes:
        try:
            return await self.door.local(*args, stdin=stdin, git_dir=folder)
        except Broken as error:
            raise SourceUnavailable(
                f"git repository {self.door.remote}: its copy cannot be used ({error})"
            ) from None


def _depth(depth: int) -> tuple[str, ...]:
    return (f"--depth={depth}",) if depth else ()


def _is_small(line: str) -> bool:
    size = line.partition(" ")[0]
    return size.isdigit() and int(size) <= LARGEST
