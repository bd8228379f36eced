"""Fetches commits of one branch and reads their files; nothing is ever checked out.

Called by `loop`, one call at a time. Talks to the remote only through the
program `git`; a password never stands on a command line or in a message.
"""

import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helmward.errors import ConfigInvalid, SourceUnavailable
from helmward.git.complaints import meaning
from helmward.git.program import Git, GitFailed, write_config
from helmward.git.refs import BRANCHES, read_refs
from helmward.git.remote import Remote, is_name, read_remote
from helmward.git.ssh import FLUX_KEY, read_key, ssh_command, write_private
from helmward.git.tree import Entry, Tree, read_batch, read_tree, with_targets
from helmward.gitops.tree import pick
from helmward.settings import RepositorySettings

_FETCHED: Final = "refs/helmward/head"
_SHOWN_BRANCHES: Final = 10


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a branch."""

    branch: str
    sha: str


class GitSource:
    """One branch of one repository, mirrored below `work`, a folder of our own.

    Raises:
        ConfigInvalid: a setting is no address, branch or path.
    """

    def __init__(self, settings: RepositorySettings, work: Path) -> None:
        self.remote = check(settings)
        self._settings = settings
        self._home = work / "git"
        self._mirror = work / "git" / "mirror"
        self._key = self._home / "identity"
        self._credentials = self._home / "credentials"
        self._prepare()
        ssh = {"GIT_SSH_COMMAND": _ssh_command(settings, self._key)}
        self._git = Git(self._home, settings.timeout.total_seconds(), ssh)

    async def head(self) -> Head:
        """Ask the remote for the branch's newest commit; costs one short request.

        Without a branch in the settings the one counts that the remote's HEAD
        names (Flux took `master`).

        Raises:
            SourceUnavailable: the remote does not answer, refuses us, or has
                no such branch; the message names the flag to look at.
        """
        listing = await self._ask_remote(
            "ls-remote", "--symref", "--", self.remote.url, "HEAD", f"{BRANCHES}*"
        )
        refs = read_refs(listing.decode(errors="replace"))
        branch = self._settings.ref.branch or refs.default
        if branch not in refs.branches:
            raise SourceUnavailable(self._missing(branch, refs.branches))
        return Head(branch, refs.branches[branch])

    async def fetch(self, head: Head) -> Head:
        """Get the newest commit of the branch, which may have moved on since `head`.

        Only that commit is fetched, without its history.

        Raises:
            SourceUnavailable: as for `head`.
        """
        known = self._mirror.exists()
        try:
            return await self._fetch(head)
        except SourceUnavailable:
            # A fetch that was killed may leave locks; the mirror is quickly made anew.
            shutil.rmtree(self._mirror, ignore_errors=True)
            if not known:
                raise
        return await self._fetch(head)

    async def files(self, head: Head) -> dict[str, bytes]:
        """Return the YAML files of a fetched commit below the paths of the settings.

        Raises:
            SourceRejected: a path is missing in the commit, a link leads out of it.
        """
        tree = await self._tree(head.sha)
        chosen = pick(tree, [one.path for one in self._settings.paths], head.sha)
        contents = await self._blobs(entry.oid for entry in chosen.values())
        return {path: contents[entry.oid] for path, entry in chosen.items()}

    def _prepare(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(mode=0o700, parents=True)
        config = {
            "core.hooksPath": "/dev/null",
            "submodule.recurse": "false",
            "transfer.fsckObjects": "true",
            "gc.autoDetach": "false",
            "credential.helper": f"store --file={shlex.quote(str(self._credentials))}",
        }
        if self.remote.path:
            config["safe.directory"] = self.remote.path
        write_config(self._home, config)

    async def _fetch(self, head: Head) -> Head:
        if not self._mirror.exists():
            await self._local("init", "--quiet", "--bare", "--template=", str(self._mirror))
        refspec = f"+{BRANCHES}{head.branch}:{_FETCHED}"
        await self._ask_remote(
            *("--git-dir", str(self._mirror), "fetch", "--quiet", "--depth=1", "--no-tags"),
            *("--no-recurse-submodules", "--no-auto-maintenance", "--", self.remote.url, refspec),
        )
        sha = await self._read("rev-parse", "--verify", f"{_FETCHED}^{{commit}}")
        with suppress(GitFailed):
            await self._git("--git-dir", str(self._mirror), "gc", "--auto", "--quiet")
        return Head(head.branch, sha.decode().strip())

    async def _tree(self, sha: str) -> Tree:
        listing = await self._read("ls-tree", "-r", "-z", "-l", "--full-tree", sha)
        tree = _readable(listing)
        return with_targets(
            tree, await self._blobs(entry.oid for entry in tree.values() if entry.link)
        )

    async def _blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return {}
        lines = "".join(f"{oid}\n" for oid in wanted).encode()
        found = dict(read_batch(await self._read("cat-file", "--batch", stdin=lines), wanted))
        if lost := [oid for oid, content in found.items() if content is None]:
            raise SourceUnavailable(f"the local copy of the repository lacks the object {lost[0]}")
        return {oid: content for oid, content in found.items() if content is not None}

    async def _read(self, *args: str, stdin: bytes = b"") -> bytes:
        return await self._local("--git-dir", str(self._mirror), *args, stdin=stdin)

    async def _local(self, *args: str, stdin: bytes = b"") -> bytes:
        try:
            return await self._git(*args, stdin=stdin)
        except GitFailed as error:
            shutil.rmtree(self._mirror, ignore_errors=True)
            words = self.remote.redact(str(error)).strip()
            raise SourceUnavailable(
                f"the local copy of {self.remote} is broken and is fetched anew ({words})"
            ) from None

    async def _ask_remote(self, *args: str) -> bytes:
        try:
            with self._secrets():
                return await self._git(*args)
        except GitFailed as error:
            # Not chained: the cause's words may hold a password.
            words = meaning(self.remote.redact(str(error)))
            raise SourceUnavailable(f"git repository {self.remote}: {words}") from None

    @contextmanager
    def _secrets(self) -> Iterator[None]:
        """Lay out key and password for one request, readable by us alone."""
        try:
            write_private(self._credentials, self.remote.credentials.encode())
            write_private(self._key, _key_of(self._settings, self.remote))
            yield
        finally:
            self._credentials.unlink(missing_ok=True)
            self._key.unlink(missing_ok=True)

    def _missing(self, branch: str, branches: dict[str, str]) -> str:
        if not branches:
            return f"git repository {self.remote}: it has no branch yet: push a commit"
        shown = ", ".join(sorted(branches)[:_SHOWN_BRANCHES])
        more = " and more" if len(branches) > _SHOWN_BRANCHES else ""
        asked = f"no branch {branch!r}" if branch else "no default branch"
        return (
            f"git repository {self.remote}: it has {asked} (--git-branch); there are {shown}{more}"
        )


def check(settings: RepositorySettings) -> Remote:
    """Return the repository of the settings, all of whose fields hold what they should.

    Raises:
        ConfigInvalid: the message names the flag.
    """
    branch = settings.ref.branch
    if branch and not is_name(branch):
        raise ConfigInvalid(f"--git-branch {branch!r} is no name of a branch")
    for path in (one.path for one in settings.paths):
        if path.startswith("/") or ".." in path.split("/"):
            raise ConfigInvalid(f"--git-path {path!r} must be a path inside the repository")
    return read_remote(settings.url)


def _key_of(settings: RepositorySettings, remote: Remote) -> bytes:
    path = settings.ssh_key or FLUX_KEY
    if remote.scheme != "ssh" or (settings.ssh_key is None and not path.exists()):
        return b""
    try:
        return read_key(path, "--git-ssh-key")
    except OSError as error:
        raise SourceUnavailable(str(error.strerror)) from error


def _ssh_command(settings: RepositorySettings, key: Path) -> str:
    used = settings.ssh_key is not None or FLUX_KEY.exists()
    return ssh_command(
        settings.timeout.total_seconds(),
        key=key if used else None,
        known_hosts=[settings.known_hosts] if settings.known_hosts is not None else [],
    )


def _readable(listing: bytes) -> dict[str, Entry]:
    """Return the files by names that can be printed; submodules are left out."""
    return {
        path.encode(errors="surrogateescape").decode(errors="backslashreplace"): entry
        for path, entry in read_tree(listing)
        if not entry.submodule
    }
