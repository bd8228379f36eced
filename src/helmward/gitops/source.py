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

from helmward.errors import SourceUnavailable
from helmward.gitops.complaints import meaning
from helmward.gitops.git import Git, GitFailed, write_config
from helmward.gitops.remote import Remote, check
from helmward.gitops.tree import Entry, Tree, pick
from helmward.settings import GitSettings

FLUX_KEY: Final = Path("/etc/fluxd/ssh/identity")
"""Where Flux v1 keeps its deploy key; used if no other is named."""

_FETCHED: Final = "refs/helmward/head"
_BRANCHES: Final = "refs/heads/"
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

    def __init__(self, settings: GitSettings, work: Path) -> None:
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
            "ls-remote", "--symref", "--", self.remote.url, "HEAD", f"{_BRANCHES}*"
        )
        default, branches = _read_refs(listing.decode(errors="replace"))
        branch = self._settings.branch or default
        if branch not in branches:
            raise SourceUnavailable(self._missing(branch, branches))
        return Head(branch, branches[branch])

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
        chosen = pick(tree, self._settings.paths, head.sha)
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
        refspec = f"+{_BRANCHES}{head.branch}:{_FETCHED}"
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
        tree = dict(_read_tree(listing))
        targets = await self._blobs(entry.oid for entry in tree.values() if entry.link)
        return {path: _with_target(entry, targets) for path, entry in tree.items()}

    async def _blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return {}
        lines = "".join(f"{oid}\n" for oid in wanted).encode()
        return dict(_read_batch(await self._read("cat-file", "--batch", stdin=lines), wanted))

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
            _write_private(self._credentials, self.remote.credentials.encode())
            _write_private(self._key, _key_of(self._settings, self.remote))
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


def _key_of(settings: GitSettings, remote: Remote) -> bytes:
    path = settings.ssh_key or FLUX_KEY
    if remote.scheme != "ssh" or (settings.ssh_key is None and not path.exists()):
        return b""
    try:
        # Keys from a Secret often lack the newline that ssh insists on.
        return path.read_bytes().rstrip(b"\n") + b"\n"
    except OSError as error:
        raise SourceUnavailable(f"--git-ssh-key {path}: {error.strerror}") from error


def _ssh_command(settings: GitSettings, key: Path) -> str:
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes"]
    options.append(f"ConnectTimeout={max(1, round(settings.timeout.total_seconds()))}")
    if settings.known_hosts is not None:
        options.append(f'UserKnownHostsFile="{settings.known_hosts.absolute()}"')
        options.append("GlobalKnownHostsFile=/dev/null")
    words = ["ssh", "-F", "/dev/null"]
    for option in options:
        words += ["-o", option]
    if settings.ssh_key is not None or FLUX_KEY.exists():
        words += ["-o", "IdentitiesOnly=yes", "-i", str(key)]
    return shlex.join(words)


def _write_private(path: Path, content: bytes) -> None:
    if content:
        path.touch(mode=0o600)
        path.write_bytes(content)


def _read_refs(listing: str) -> tuple[str, dict[str, str]]:
    """Return the default branch, if the remote tells, and the commits of all branches."""
    default = ""
    branches = {}
    for line in listing.splitlines():
        value, _, ref = line.partition("\t")
        if ref == "HEAD" and value.startswith("ref: "):
            default = value.removeprefix("ref: ").removeprefix(_BRANCHES)
        elif ref.startswith(_BRANCHES):
            branches[ref.removeprefix(_BRANCHES)] = value
    return default, branches


def _read_tree(listing: bytes) -> Iterator[tuple[str, Entry]]:
    for line in listing.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, kind, oid, size = about.decode().split()
        if kind == "blob":
            yield path.decode(errors="backslashreplace"), Entry(mode, oid, int(size))


def _with_target(entry: Entry, targets: dict[str, bytes]) -> Entry:
    if not entry.link:
        return entry
    target = targets[entry.oid].decode(errors="backslashreplace")
    return Entry(entry.mode, entry.oid, entry.size, target)


def _read_batch(output: bytes, oids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each blob of `git cat-file --batch`: a header line, the content, a newline."""
    at = 0
    for oid in oids:
        end = output.index(b"\n", at)
        header = output[at:end].split()
        if len(header) != 3:  # noqa: PLR2004 - name, type, size; else it says `missing`
            raise SourceUnavailable(f"the local copy of the repository lacks the object {oid}")
        size = int(header[2])
        yield oid, output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
