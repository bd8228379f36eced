"""Fetches the commits that a repository's settings ask for; nothing is ever checked out.

Called by `loop` and whoever needs an older commit. How git is asked, `git.mirror`
knows, which commit is meant, `ref`; here both become snapshots. A password never
stands on a command line or in a message.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid, SourceUnavailable
from helmward.git.complaints import FLAGS, Told
from helmward.git.copies import Broken
from helmward.git.keyring import Keyring
from helmward.git.login import NOBODY, GitLogin
from helmward.git.mirror import Head as Fetched
from helmward.git.mirror import Mirror
from helmward.git.remote import Remote, identity, read_remote
from helmward.git.tree import Entry, Tree
from helmward.gitops.files import Files
from helmward.gitops.ref import check_ref, others, pinned, resolve
from helmward.gitops.snapshot import Commit, Head, Snapshot
from helmward.settings import RepositorySettings

LONGEST_SUBJECT: Final = 200
_DEPLOY_KEY: Final = "the deploy key (`helmward identity` prints it, --git-ssh-key names another)"
_ABOUT: Final = ("log", "-1", "--no-show-signature", "--no-notes", "--no-color")
_FORM: Final = "--format=%an <%ae>%x00%ct%x00%s"


class GitSource:
    """One repository, mirrored below `work`, a folder of our own.

    `login` says as whom the remote is asked, each time anew; without it the
    URL, the SSH key of the settings and the machine's netrc do.

    Raises:
        ConfigInvalid: a setting is no address, ref or path.
        SourceUnavailable: the folder cannot be written.
    """

    def __init__(
        self,
        settings: RepositorySettings,
        work: Path,
        *,
        login: Callable[[], Awaitable[GitLogin]] | None = None,
    ) -> None:
        self.remote = check(settings)
        self._ref = settings.ref
        # By its address: what one repository had is no answer for another.
        named = hashlib.sha256(f"{settings.name}\n{identity(self.remote)}".encode()).hexdigest()
        folder = work / "git" / named[:16]
        keyring = Keyring(folder / "home", self.remote, NOBODY, settings)
        seconds = settings.timeout.total_seconds()
        self.mirror = Mirror(
            folder, self.remote, keyring, seconds, told=_told(settings), login=login
        )

    async def head(self) -> Head:
        """Ask the remote which commit is meant now; costs one short request, or none.

        Without a ref in the settings the branch counts that the remote's HEAD
        names (Flux took `master`).

        Raises:
            SourceUnavailable: the remote does not answer, refuses us, or has
                no such ref; the message names the flag to look at.
        """
        if head := pinned(self._ref):
            return head
        refs = await self.mirror.refs(*others(self._ref))
        try:
            return resolve(self._ref, refs)
        except SourceUnavailable as error:
            raise SourceUnavailable(f"git repository {self.remote}: {error}") from None

    async def snapshot(self, head: Head) -> Snapshot:
        """Get a commit and all names of its tree; files come when they are read.

        What leads to it may have moved on since: the snapshot says what was got.
        A commit that is here already is not asked for.

        Raises:
            SourceUnavailable: as for `head`.
        """
        if await self.mirror.has(head.sha):
            return await self._read(head)
        fetched = await self.mirror.fetch(head.name or head.sha)
        return await self._read(replace(head, sha=fetched.commit))

    async def at(self, commit: str) -> Snapshot:
        """Get an older commit by its own name, as long as the remote still has it.

        Raises:
            SourceUnavailable: as for `head`.
        """
        return await self.snapshot(Head(commit, commit, commit))

    async def _read(self, head: Head) -> Snapshot:
        fetched = Fetched(head.name or head.sha, head.sha)
        whole = await self.mirror.whole_tree(fetched)
        tree = await asyncio.to_thread(_readable, whole)
        submodules = sorted(_printable(path) for path, entry in whole.items() if entry.submodule)
        about = await self._about(head.sha)
        read = Files(self.mirror, fetched, tree).read
        return Snapshot(head, tree, read, about, tuple(submodules))

    async def _about(self, sha: str) -> Commit:
        """Return what people know the commit by; that may be nothing."""
        try:
            said = await self.mirror.local(*_ABOUT, _FORM, "--end-of-options", sha)
        except Broken:
            return Commit(sha)
        author, _, rest = said.decode(errors="replace").rstrip("\0\n").partition("\0")
        seconds, _, subject = rest.partition("\0")
        at = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
        return Commit(sha, author, subject[:LONGEST_SUBJECT], at)


def check(settings: RepositorySettings) -> Remote:
    """Return the repository of the settings, all of whose fields hold what they should.

    Raises:
        ConfigInvalid: the message names the flag.
    """
    check_ref(settings.ref)
    for path in (one.path for one in settings.paths):
        if path.startswith("/") or ".." in path.split("/"):
            raise ConfigInvalid(f"--git-path {path!r} must be a path inside the repository")
    return read_remote(settings.url)


def _told(settings: RepositorySettings) -> Told:
    """Return where this repository's login comes from."""
    if settings.secret is None:
        return FLAGS if settings.ssh_key else replace(FLAGS, key=_DEPLOY_KEY)
    secret = f"the Secret {settings.secret}"
    return replace(
        FLAGS,
        login=f"{secret} needs a username and a password or token that may read the repository",
        key=f"{secret} (its entry `identity`)",
        hosts=f"{secret} (its entry `known_hosts`)",
        authority=f"{secret} (its entry `ca.crt`)",
    )


def _readable(whole: Tree) -> dict[str, Entry]:
    """Return files and links by names that can be printed; folders and submodules are left out."""
    return {
        _printable(path): replace(entry, target=_printable(entry.target)) if entry.link else entry
        for path, entry in whole.items()
        if not (entry.folder or entry.submodule)
    }


def _printable(path: str) -> str:
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")
