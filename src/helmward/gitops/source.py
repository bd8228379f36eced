"""Fetches commits of one repository; nothing is ever checked out.

Called by `loop`, one call at a time. Which commit is meant is settled here,
how git is asked is `git.mirror`'s; what its files mean is up to the builders.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid, SourceRejected, SourceUnavailable
from helmward.git.complaints import FLAGS
from helmward.git.copies import Broken
from helmward.git.keyring import Keyring
from helmward.git.login import NOBODY, GitLogin, check_login
from helmward.git.mirror import Head as Fetched
from helmward.git.mirror import Mirror
from helmward.git.refs import BRANCHES, TAGS, Refs, is_commit
from helmward.git.remote import Remote, is_name, read_remote
from helmward.git.tree import Entry, Tree, follow, with_targets
from helmward.git.versions import newest
from helmward.gitops.snapshot import Commit, Head, Snapshot
from helmward.gitops.tree import MAX_FILE
from helmward.settings import GitChartSettings, RepositorySettings

LONGEST_SUBJECT: Final = 100
_SHOWN: Final = 10
_LFS: Final = b"version https://git-lfs.github.com/spec/"
_ABOUT: Final = "--format=%an%x00%cI%x00%s"

Login = Callable[[], Awaitable[GitLogin]]


async def nobody() -> GitLogin:
    """Log in as nobody in particular: what stands in the address and the flags counts."""
    return NOBODY


class GitSource:
    """One repository, of which `work`, a folder of our own, has a partial copy.

    `login` is asked before each look at the remote, so that a key or password
    that was changed counts at once.

    Raises:
        ConfigInvalid: a setting is no address, ref or path.
    """

    def __init__(self, settings: RepositorySettings, work: Path, *, login: Login = nobody) -> None:
        self.remote = check(settings)
        self._settings = settings
        self._work = work / "git"
        self._login = login
        self._opened: tuple[GitLogin, Mirror] | None = None

    async def mirror(self) -> Mirror:
        """Return the copy, with the login that counts now.

        Raises:
            SourceUnavailable: the login cannot be had, or the folder not be written.
        """
        login = await self._login()
        if self._opened is None or self._opened[0] != login:
            check_login(login, self.remote)
            self._own()
            keyring = Keyring(self._work / "home", self.remote, login, _access(self._settings))
            seconds = self._settings.timeout.total_seconds()
            mirror = Mirror(self._work, self.remote, keyring, seconds, told=FLAGS)
            self._opened = (login, mirror)
        return self._opened[1]

    async def head(self) -> Head:
        """Ask which commit counts now; costs one short request, none for a fixed commit.

        Without any ref in the settings it is the branch that the remote's HEAD
        names (Flux took `master`).

        Raises:
            SourceUnavailable: the remote does not answer, refuses us, or has no
                such ref; the message names the flag to look at.
        """
        ref = self._settings.ref
        if ref.commit:
            return Head(ref.commit, ref.commit, ref.commit)
        mirror = await self.mirror()
        refs = await mirror.refs(*([ref.name] if ref.name else []))
        if ref.name:
            return self._found(refs, ref.name, ref.name, "--git-ref")
        if ref.semver:
            return self._newest(refs, ref.semver)
        if ref.tag:
            return self._found(refs, f"{TAGS}{ref.tag}", ref.tag, "--git-tag")
        branch = ref.branch or refs.default
        return self._found(refs, f"{BRANCHES}{branch}", branch, "--git-branch")

    async def snapshot(self, head: Head) -> Snapshot:
        """Get a commit; where the ref has moved on since `head`, the newer one.

        Only that commit is fetched, without its history, and its files when
        they are read.

        Raises:
            SourceUnavailable: as for `head`.
        """
        mirror = await self.mirror()
        fetched = await mirror.fetch(head.name or head.sha)
        return await self._snapshot(mirror, fetched, replace(head, sha=fetched.commit))

    async def at(self, commit: str) -> Snapshot:
        """Get an older commit by its name.

        Raises:
            SourceUnavailable: the remote does not answer, or does not have it any more.
        """
        return await self.snapshot(Head(commit, commit, commit))

    async def ask_remote(
        self, *args: str, stdin: bytes = b"", git_dir: Path | None = None
    ) -> bytes:
        """Run git with the login that counts now; see `git.aside.Door`."""
        return await (await self.mirror()).ask_remote(*args, stdin=stdin, git_dir=git_dir)

    async def local(self, *args: str, stdin: bytes = b"", git_dir: Path | None = None) -> bytes:
        """Run git such that it asks no remote; see `git.aside.Door`."""
        return await (await self.mirror()).local(*args, stdin=stdin, git_dir=git_dir)

    async def _snapshot(self, mirror: Mirror, fetched: Fetched, head: Head) -> Snapshot:
        listed = _readable(await mirror.tree(fetched))
        files = {name: one for name, one in listed.items() if not (one.folder or one.submodule)}
        links = [one.oid for one in files.values() if one.link]
        await mirror.sizes(fetched, links)
        tree: Tree = with_targets(files, await mirror.contents(fetched, links))

        async def read(names: Iterable[str]) -> dict[str, bytes]:
            wanted = {name: _file(tree, name).oid for name in names}
            return await _contents(mirror, fetched, wanted)

        submodules = tuple(name for name, one in listed.items() if one.submodule)
        commit = await _about(mirror, head.sha)
        return Snapshot(head, tree, read, commit, submodules)

    def _own(self) -> None:
        """Make the folder, for nobody else to look into."""
        try:
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._missing(f"its copy cannot be written: {error.strerror}") from error

    def _found(self, refs: Refs, name: str, said: str, flag: str) -> Head:
        if name in refs.commits:
            return Head(said, refs.commits[name], name)
        what = flag.removeprefix("--git-")
        asked = f"no {what} {said!r} ({flag})" if said else f"no default branch ({flag})"
        if not refs.branches:
            raise self._missing("it has no branch yet: push a commit")
        raise self._missing(f"it has {asked}; {refs.near(said)}")

    def _newest(self, refs: Refs, wanted: str) -> Head:
        tags = [name.removeprefix(TAGS) for name in refs.commits if name.startswith(TAGS)]
        tag = newest(tags, wanted)
        if tag is not None:
            return Head(tag, refs.commits[f"{TAGS}{tag}"], f"{TAGS}{tag}")
        shown = ", ".join(sorted(tags)[:_SHOWN]) or "none"
        raise self._missing(f"no tag is in {wanted} (--git-semver); its tags are {shown}")

    def _missing(self, why: str) -> SourceUnavailable:
        return SourceUnavailable(f"git repository {self.remote}: {why}")


def check(settings: RepositorySettings) -> Remote:
    """Return the repository of the settings, all of whose fields hold what they should.

    Raises:
        ConfigInvalid: the message names the flag.
    """
    ref = settings.ref
    named = {"branch": ref.branch, "tag": ref.tag, "ref": ref.name}
    for flag, name in named.items():
        if name and not is_name(name):
            raise ConfigInvalid(f"--git-{flag} {name!r} is no name of a {flag}")
    if ref.name and not ref.name.startswith("refs/"):
        raise ConfigInvalid(f"--git-ref {ref.name!r} must be a full name, as refs/heads/main")
    if ref.commit and not is_commit(ref.commit):
        raise ConfigInvalid(f"--git-commit {ref.commit!r} is no whole name of a commit")
    if ref.semver:
        newest((), ref.semver)
    for path in (one.path for one in settings.paths):
        if path.startswith("/") or ".." in path.split("/"):
            raise ConfigInvalid(f"--git-path {path!r} must be a path inside the repository")
    return read_remote(settings.url)


def _access(settings: RepositorySettings) -> GitChartSettings:
    """Return what the flags say of how git asks."""
    return GitChartSettings(
        timeout=settings.timeout, ssh_key=settings.ssh_key, known_hosts=settings.known_hosts
    )


def _file(tree: Tree, name: str) -> Entry:
    """Return the file that a name stands for, itself or through links.

    Raises:
        SourceRejected: a link leads to no file of the commit.
    """
    target = follow(tree, name, name)
    if target in tree:
        return tree[target]
    raise SourceRejected(f"{name}: the symbolic link points to {target}, which is no file here")


async def _contents(
    mirror: Mirror, fetched: Fetched, wanted: Mapping[str, str]
) -> dict[str, bytes]:
    """Read files, which are fetched at once where they are not here yet.

    Raises:
        SourceRejected: one is too large, or stands for a file that is elsewhere.
    """
    sizes = await mirror.sizes(fetched, wanted.values())
    for name, oid in wanted.items():
        if sizes[oid] > MAX_FILE:
            raise SourceRejected(f"{name}: {sizes[oid]} bytes are more than {MAX_FILE} for a file")
    contents = await mirror.contents(fetched, wanted.values())
    for name, oid in wanted.items():
        if contents[oid].startswith(_LFS):
            raise SourceRejected(
                f"{name}:1: this is a pointer of Git LFS, which is not followed: keep the"
                " manifest itself in git"
            )
    return {name: contents[oid] for name, oid in wanted.items()}


async def _about(mirror: Mirror, sha: str) -> Commit:
    """Return what people know the commit by; a copy that cannot tell is no reason to stop."""
    try:
        said = await mirror.local("log", "-1", "--no-show-signature", _ABOUT, sha)
    except Broken:
        return Commit(sha)
    author, at, subject = said.decode(errors="replace").rstrip("\n").split("\0", 2)
    return Commit(sha, author, subject[:LONGEST_SUBJECT], datetime.fromisoformat(at))


def _readable(tree: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the files by names that can be printed."""
    return {
        name.encode(errors="surrogateescape").decode(errors="backslashreplace"): one
        for name, one in tree.items()
    }
