"""A bare copy of one repository, of which only what is asked for is fetched.

Where the server allows it, a commit comes without its history and its files
come when they are read, all at once. A copy that is broken is thrown away and
made anew by itself; what serves is replaced only by what is whole.

Used by `charts` and `gitops`. One request to the remote at a time.
"""

import asyncio
import hashlib
import re
import shutil
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from helmward.errors import SourceUnavailable
from helmward.git.complaints import FIELDS, Told, meaning
from helmward.git.copies import HASHES, Broken, Copy, lines
from helmward.git.keyring import Keyring
from helmward.git.login import GitLogin
from helmward.git.program import Git, GitFailed, GitTimedOut
from helmward.git.refs import Refs, is_commit, read_refs
from helmward.git.remote import Remote
from helmward.git.tree import Entry, with_targets

LARGEST_PACK: Final = 1 << 30
"""Bytes that a remote may send at once."""
MOST_PACKS: Final = 64
"""With more of them the copy is made anew."""

_UNABLE: Final = re.compile(r"unadvertised|not our ref|shallow|does not support")
"""What servers say that cannot give a commit, or files, by themselves."""
_FULL: Final = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_EVERYTHING: Final = ("+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*")
_FETCH: Final = (
    *("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"),
    "--no-auto-maintenance",
)

_PROTOCOLS: Final = {"http": "http:https"}
"""Where a remote may lead us; else to what it was itself. Never to one less safe."""
_PLAIN: Final = {
    "sha1": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
    "sha256": "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
    "[extensions]\n\tobjectformat = sha256\n",
}

T = TypeVar("T")

AskLogin = Callable[[], Awaitable[GitLogin]]
"""Says as whom the remote is asked from now on."""


@dataclass(frozen=True, slots=True)
class Head:
    """A commit, and what it was fetched by: the full name of a ref, or its own."""

    name: str
    commit: str


class Mirror:
    """One repository below a folder of our own.

    Raises:
        SourceUnavailable: the folder cannot be written.
    """

    def __init__(  # noqa: PLR0913 - what both roles differ in
        self,
        folder: Path,
        remote: Remote,
        keyring: Keyring,
        seconds: float,
        *,
        told: Told = FIELDS,
        login: AskLogin | None = None,
    ) -> None:
        """`seconds` is what one git command may take, `told` how its complaints are worded.

        `login` is asked before each request; without it the keyring's own counts.
        """
        self.remote = remote
        self.folder = folder
        self._keyring = keyring
        self._told = told
        self._login = login
        self._seconds = seconds
        self._spare = folder / "spare"
        self._hash = "sha1"
        self._shallow, self._lean = True, True
        self._lock = asyncio.Lock()
        with self._writing():
            keyring.prepare()
        allowed = _PROTOCOLS.get(remote.scheme, remote.scheme)
        self._safe = {"GIT_ALLOW_PROTOCOL": allowed, "GIT_LITERAL_PATHSPECS": "1"}
        self._local = Git(keyring.home, seconds, {**self._safe, "GIT_ALLOW_PROTOCOL": "none"})
        self._copy = Copy(folder / "copy", self._local)
        with self._writing():
            _forget_promises(self._copy.folder)

    async def refs(self, *also: str) -> Refs:
        """Ask the remote which branches and tags it has; costs one short request.

        Of other refs those are told that are named in full.

        Raises:
            SourceUnavailable: the remote does not answer, or refuses us.
        """
        others = (pattern for name in also for pattern in (name, f"{name}^{{}}"))
        patterns = ("HEAD", "refs/heads/*", "refs/tags/*", *others)
        async with self._lock:
            with self._translated():
                listing = await self._ask("ls-remote", "--symref", "--", self.remote.url, *patterns)
        refs = read_refs(listing.decode(errors="replace"), also)
        self._hash = next((HASHES[len(oid)] for oid in refs.commits.values()), self._hash)
        return refs

    async def fetch(self, name: str) -> Head:
        """Get the commit of a ref by its full name, or a commit by its own.

        Raises:
            SourceUnavailable: the remote does not answer, refuses us, or has no such.
        """
        async with self._lock:
            with self._translated():
                return Head(name, await self._fetch(name))

    async def seek(self, short: str) -> str:
        """Return the commit whose first digits are given; all history is fetched for it.

        Empty where there is no such, or more than one.

        Raises:
            SourceUnavailable: as for `fetch`.
        """
        async with self._lock:
            if found := await self._copy.commit(short):
                return found
            self._shallow = False
            with self._translated():
                await self._anew("HEAD")
            return await self._copy.commit(short)

    async def has(self, commit: str) -> bool:
        """Tell whether a commit is in the copy."""
        return bool(await self._copy.commit(commit))

    async def tree(self, head: Head, *paths: str) -> dict[str, Entry]:
        """Return what a commit has at, below and on the way to some paths; no path is all.

        Raises:
            SourceUnavailable: the copy is broken, and cannot be made anew now.
        """
        return await self._read(head, lambda: self._copy.tree(head.commit, paths))

    async def whole_tree(self, head: Head) -> dict[str, Entry]:
        """Return all that a commit has, and where its links lead.

        Raises:
            SourceUnavailable: as for `tree`.
        """
        tree = await self.tree(head)
        links = [entry.oid for entry in tree.values() if entry.link]
        await self.sizes(head, links)
        return with_targets(tree, await self.contents(head, links))

    async def sizes(self, head: Head, oids: Iterable[str]) -> dict[str, int]:
        """Return the sizes of files, all of which are here afterwards, fetched at once.

        Raises:
            SourceUnavailable: as for `fetch`.
        """
        wanted = list(dict.fromkeys(oids))
        async with self._lock:
            found = await self._sizes(head, wanted)
            if missing := [oid for oid in wanted if oid not in found]:
                with self._translated():
                    await self._complete(head, missing)
                found |= await self._sizes(head, missing)
        if lost := [oid for oid in wanted if oid not in found]:
            raise self._moved(head, f"it does not send {lost[0]}")
        return found

    async def contents(self, head: Head, oids: Iterable[str]) -> dict[str, bytes]:
        """Return the content of files that are here, each checked against its name.

        Raises:
            SourceUnavailable: as for `tree`.
        """
        wanted = list(dict.fromkeys(oids))
        return await self._read(head, lambda: self._copy.contents(wanted), wanted)

    async def ask_remote(
        self, *args: str, stdin: bytes = b"", git_dir: Path | None = None
    ) -> bytes:
        """Run a git command that talks to the remote, from this copy or another of ours.

        Credentials are laid out as for `fetch`; the address has to stand in the words.

        Raises:
            SourceUnavailable: the remote does not answer, or refuses us.
        """
        folder = git_dir or self._copy.folder
        async with self._lock:
            with self._translated():
                try:
                    return await self._ask("--git-dir", str(folder), *args, stdin=stdin)
                finally:
                    _forget_promises(folder)

    async def local(self, *args: str, stdin: bytes = b"", git_dir: Path | None = None) -> bytes:
        """Run a git command on this copy, or another of ours; it may ask nobody.

        Raises:
            Broken: git cannot do it; the words are its own.
        """
        folder = git_dir or self._copy.folder
        try:
            return await self._local("--git-dir", str(folder), *args, stdin=stdin)
        except GitFailed as error:
            raise Broken(self._keyring.redact(str(error)).strip()) from None

    async def _read(
        self, head: Head, read: Callable[[], Awaitable[T]], oids: Iterable[str] = ()
    ) -> T:
        """Read from the copy; one that is broken is made anew first, with these files in it."""
        try:
            return await read()
        except Broken:
            async with self._lock:
                # Somebody else may just have mended it.
                with suppress(Broken):
                    return await read()
                with self._translated():
                    await self._renew(head, list(oids))
        try:
            return await read()
        except Broken as error:
            raise self._moved(head, self._keyring.redact(str(error))) from None

    async def _sizes(self, head: Head, oids: list[str]) -> dict[str, int]:
        try:
            return await self._copy.sizes(oids)
        except Broken:
            with self._translated():
                await self._renew(head)
        try:
            return await self._copy.sizes(oids)
        except Broken as error:
            raise self._moved(head, self._keyring.redact(str(error))) from None

    async def _complete(self, head: Head, oids: list[str]) -> None:
        """Have the remote send files by their names, in one request."""
        if self._lean:
            noop = ("-c", "fetch.negotiationAlgorithm=noop")
            try:
                await self._get(self._copy.folder, "--stdin", before=noop, stdin=lines(oids))
            except GitFailed as error:
                if not _UNABLE.search(str(error)):
                    raise
            else:
                return
        self._lean = False
        await self._renew(head)

    async def _fetch(self, name: str) -> str:
        if self._copy.packs and self._copy.packs <= MOST_PACKS:
            try:
                return await self._into(self._copy, name)
            except GitTimedOut:
                raise
            except GitFailed as error:
                if _FULL.search(str(error)):
                    raise
                # Whatever else it is, a new copy tells: this one may be broken.
        return await self._anew(name)

    async def _renew(self, head: Head, oids: list[str] | None = None) -> None:
        """Make the copy anew with the commit of a head, where the remote still has it."""
        if await self._anew(head.name) != head.commit and self._shallow:
            with suppress(GitFailed):
                await self._into(self._copy, head.commit)
        if oids and self._lean:
            await self._complete(head, oids)

    async def _anew(self, name: str) -> str:
        """Make a new copy beside the one that serves, then let it serve."""
        try:
            commit = await self._beside(name)
        except GitFailed as error:
            if not (self._shallow and _UNABLE.search(str(error))):
                raise
            commit = await self._beside_whole(name)
        await asyncio.to_thread(shutil.rmtree, self._copy.folder, ignore_errors=True)
        self._spare.rename(self._copy.folder)
        return commit

    async def _beside_whole(self, name: str) -> str:
        """Fetch all history: the server gives no commit by itself."""
        self._shallow = False
        try:
            return await self._beside(name)
        except GitFailed:
            self._shallow = True  # that was not what it could not do
            raise

    async def _beside(self, name: str) -> str:
        try:
            await self._begin(name)
            return await self._into(Copy(self._spare, self._local), name)
        except BaseException:
            shutil.rmtree(self._spare, ignore_errors=True)
            raise

    async def _begin(self, name: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._spare, ignore_errors=True)
        named = HASHES[len(name)] if is_commit(name) else self._hash
        init = ("init", "--quiet", "--bare", "--template=", f"--object-format={named}")
        await self._local(*init, str(self._spare))

    async def _into(self, copy: Copy, name: str) -> str:
        if self._shallow:
            kept = f"refs/at/{hashlib.sha256(name.encode()).hexdigest()[:16]}"
            await self._get(copy.folder, f"+{name}:{kept}", options=("--depth=1",))
        else:
            kept = name if is_commit(name) else f"refs/all/{name.removeprefix('refs/')}"
            head = ("+HEAD:refs/all/HEAD",) if name == "HEAD" else ()
            await self._get(copy.folder, *_EVERYTHING, *head, options=("--prune",))
        if commit := await copy.commit(kept):
            return commit
        raise GitFailed(f"the remote has no commit {name}: not our ref")

    async def _get(
        self,
        folder: Path,
        *refspecs: str,
        before: Iterable[str] = (),
        options: Iterable[str] = (),
        stdin: bytes = b"",
    ) -> None:
        lean = ("--filter=blob:none",) if self._lean else ()
        words = [word for word in refspecs if word == "--stdin"]
        named = [word for word in refspecs if word != "--stdin"]
        try:
            await self._ask(
                *("--git-dir", str(folder), *before, *_FETCH, *options, *lean, *words),
                *("--", self.remote.url, *named),
                stdin=stdin,
            )
        except BaseException:
            for half in (folder / "objects" / "pack").glob("tmp_*"):
                half.unlink(missing_ok=True)
            raise
        finally:
            # Git notes down where missing files may be had, and would ask there by itself.
            _forget_promises(folder)

    async def _ask(self, *args: str, stdin: bytes = b"") -> bytes:
        keyring = self._keyring
        if self._login is not None:
            keyring.use(await self._login())
        with keyring.laid_out():
            env = keyring.env | self._safe
            git = Git(keyring.home, self._seconds, env, largest_file=LARGEST_PACK)
            return await git(*args, stdin=stdin)

    def _moved(self, head: Head, why: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"git repository {self.remote}: commit {head.commit[:12]} cannot be read any more;"
            f" it is tried again ({why})"
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say what git complains of in words of ours; its own may hold a password."""
        with self._writing():
            try:
                yield
            except GitFailed as error:
                words = meaning(self._keyring.redact(str(error)), self._told)
                raise SourceUnavailable(f"git repository {self.remote}: {words}") from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SourceUnavailable(
                f"git repository {self.remote}: its copy cannot be written: {error.strerror}"
            ) from error


def _forget_promises(folder: Path) -> None:
    config = folder / "config"
    if config.exists():
        config.write_text(_PLAIN["sha256" if "sha256" in config.read_text() else "sha1"])
