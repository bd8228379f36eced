"""Writes tags to a remote, without a checkout and without the files of any commit.

Used by `gitops.marker`. Nothing else of ours ever writes to a repository.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helmward.errors import SourceUnavailable
from helmward.git.aside import Aside, Door
from helmward.git.refs import TAGS

_AT: Final = "refs/helmward/at"
_HEADS: Final = "+refs/heads/*:refs/helmward/heads/*"
_UNABLE: Final = re.compile(r"unadvertised|not our ref|does not support")
"""What servers say that give no commit by its name."""
_INCOMPLETE: Final = re.compile(r"unpack|pack-objects|missing|unable to read|bad (tree |)object")
"""What git says when it wants to send files that are not here."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What an annotated tag says besides what it names."""

    name: str
    message: str
    tagger: str
    """`Name <address>`."""
    at: int
    """Seconds since 1970."""

    def text(self, commit: str) -> bytes:
        """Return the tag as git keeps it, without a signature."""
        return (
            f"object {commit}\ntype commit\ntag {self.name}\n"
            f"tagger {self.tagger} {self.at} +0000\n\n{self.message}\n"
        ).encode()


def tagger(name: str, address: str) -> str:
    """Return who tags, without what would end the name or the line."""
    clean = [re.sub(r"[<>\x00-\x1f\x7f]", "", word).strip() for word in (name, address)]
    return "{} <{}>".format(clean[0] or "Helmward", clean[1])


class Tags:
    """The tags of one remote, seen from a folder of our own."""

    def __init__(self, door: Door, folder: Path) -> None:
        self._door = door
        self._aside = Aside(door, folder)

    async def commit_of(self, name: str) -> str:
        """Return the commit that the remote's tag stands for; empty where there is no such tag.

        Raises:
            SourceUnavailable: the remote does not answer, or refuses us.
        """
        found = await self._ask(f"{TAGS}{name}", f"{TAGS}{name}^{{}}")
        return found.get(f"{TAGS}{name}^{{}}") or found.get(f"{TAGS}{name}", "")

    async def tip(self) -> str:
        """Return the commit that the remote's HEAD names; empty where there is none.

        Raises:
            SourceUnavailable: as for `commit_of`.
        """
        return (await self._ask("HEAD")).get("HEAD", "")

    async def put(self, name: str, commit: str, tag: bytes = b"") -> None:
        """Let a tag stand for a commit, whatever it was; `tag` is the text of an annotated one.

        Raises:
            SourceUnavailable: the remote does not answer, refuses it, or has no such commit.
        """
        await self._have(commit)
        try:
            await self._push(name, commit, tag)
        except SourceUnavailable as error:
            if not _INCOMPLETE.search(str(error)):
                raise
            await self._aside.whole(f"+{commit}:{_AT}", like=commit)
            await self._push(name, commit, tag)

    async def delete(self, name: str) -> None:
        """Take a tag away.

        Raises:
            SourceUnavailable: as for `put`.
        """
        await self._aside.push(f":{TAGS}{name}")

    async def _push(self, name: str, commit: str, tag: bytes) -> None:
        written = ("hash-object", "-t", "tag", "-w", "--stdin")
        oid = (await self._aside.ask(*written, stdin=tag)).decode().strip() if tag else commit
        await self._aside.push(f"{oid}:{TAGS}{name}")

    async def _have(self, commit: str) -> None:
        """Get the commit; from a server that gives none by its name, all branches."""
        if await self._aside.find(commit):
            return
        try:
            await self._aside.fetch(f"+{commit}:{_AT}", like=commit, depth=1)
        except SourceUnavailable as error:
            if not _UNABLE.search(str(error)):
                raise
        else:
            return
        await self._aside.anew(_HEADS, like=commit)
        if not await self._aside.find(commit):
            raise SourceUnavailable(
                f"git repository {self._door.remote}: it no longer has the commit {commit[:12]}"
            )

    async def _ask(self, *names: str) -> dict[str, str]:
        listing = await self._door.ask_remote("ls-remote", "--", self._door.remote.url, *names)
        rows = (line.partition("\t") for line in listing.decode(errors="replace").splitlines())
        return {name: oid for oid, _, name in rows}
