"""Lays out what a remote wants to see of us, for one request: login, key, host keys.

Used by `mirror`. Nothing of it stands on a command line, and between requests
no secret lies on the disk. Credentials belong to the host that they are for.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from helmward.errors import SourceUnavailable
from helmward.git.login import GitLogin
from helmward.git.program import write_config
from helmward.git.remote import Remote
from helmward.git.ssh import FLUX_KEY, PUBLISHED, read_key, ssh_command, write_private

LARGEST: Final = 1 << 20
"""Bytes of a netrc."""


class Given(Protocol):
    """What the operator itself was given to get at repositories."""

    @property
    def timeout(self) -> timedelta:
        """Of one git command."""

    @property
    def ssh_key(self) -> Path | None:
        """None: Flux v1's, where it exists."""

    @property
    def known_hosts(self) -> Path | None:
        """None: the host keys that come with Helmward, and those of the machine."""

    @property
    def ssh_config(self) -> Path | None:
        """A file that chooses keys by host, in the syntax of SSH."""

    @property
    def netrc(self) -> Path | None:
        """None: ~/.netrc where it exists."""


class Keyring:
    """One remote, one login at a time, and the home folder in which git finds them."""

    def __init__(
        self,
        home: Path,
        remote: Remote,
        login: GitLogin,
        settings: Given,
        *,
        redirects: bool = True,
    ) -> None:
        """`redirects` tells whether the remote may send us on to another address."""
        self.home = home
        self.env: dict[str, str] = {}
        self._remote, self._login, self._settings = remote, login, settings
        self._redirects = redirects
        self._credentials = home / "credentials"
        self._header = home / "header"
        self._key = home / "identity"
        self._netrc = home / ".netrc"

    def prepare(self) -> None:
        """Make the home folder, with nothing secret in it.

        Raises:
            OSError: it cannot be written.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._forget()
        self.env.clear()
        write_config(self.home, self._config())
        if self._login.known_hosts:
            (self.home / "known_hosts").write_bytes(self._login.known_hosts.rstrip() + b"\n")
        if self._login.ca:
            (self.home / "ca.crt").write_bytes(self._login.ca)
            self.env["GIT_SSL_CAINFO"] = str(self.home / "ca.crt")
        self.env["GIT_SSH_COMMAND"] = self._ssh()

    def use(self, login: GitLogin) -> None:
        """Go as somebody else from now on.

        Raises:
            OSError: as for `prepare`.
        """
        if login != self._login:
            self._login = login
            self.prepare()

    @contextmanager
    def laid_out(self) -> Iterator[None]:
        """Lay out what is secret, readable by us alone, while the request lasts.

        Raises:
            SourceUnavailable: a file that the operator was given cannot be read.
        """
        try:
            if self._remote.scheme == "ssh":
                write_private(self._key, self._identity())
            elif self._remote.scheme in {"http", "https"}:
                self._lay_out_web()
            yield
        finally:
            self._forget()

    def redact(self, text: str) -> str:
        """Take everything secret out of what git says."""
        for secret in self._login.secrets:
            for form in {secret, quote(secret, safe="")}:
                text = text.replace(form, "***")
        return self._remote.redact(text)

    def _config(self) -> dict[str, str]:
        config = {
            "core.hooksPath": "/dev/null",
            "submodule.recurse": "false",
            "transfer.fsckObjects": "true",
            "transfer.unpackLimit": "1",
            "gc.auto": "0",
            "maintenance.auto": "false",
            "credential.helper": f"store --file={shlex.quote(str(self._credentials))}",
            "include.path": str(self._header),
        }
        if not self._redirects or self._login.token:
            # A header goes along to wherever git is sent; the store looks at the host.
            config["http.followRedirects"] = "false"
        if self._remote.path:
            config["safe.directory"] = self._remote.path
        return config

    def _lay_out_web(self) -> None:
        login, host = self._login, _root(self._remote.url)
        if login.token:
            header = (
                f'[http "{host}/"]\n\textraHeader = "Authorization: Bearer {_esc(login.token)}"'
            )
            write_private(self._header, f"{header}\n".encode())
        elif login.password:
            scheme, _, rest = host.partition("://")
            user, password = quote(login.username, safe=""), quote(login.password, safe="")
            write_private(self._credentials, f"{scheme}://{user}:{password}@{rest}\n".encode())
        elif self._remote.credentials:
            write_private(self._credentials, self._remote.credentials.encode())
        else:
            write_private(self._netrc, self._shared_netrc())

    def _shared_netrc(self) -> bytes:
        """Return the operator's own logins; curl takes those of the host that it asks."""
        path = self._settings.netrc or _at_home(".netrc")
        try:
            with path.open("rb") as file:
                return file.read(LARGEST)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise SourceUnavailable(f"{path}: {error.strerror}") from error

    def _identity(self) -> bytes:
        if self._login.identity:
            return self._login.identity.rstrip(b"\n") + b"\n"
        path = self._shared_key()
        if path is None:
            return b""
        said = "the SSH key" if self._settings.ssh_key is None else "the SSH key (--git-ssh-key)"
        try:
            return read_key(path, said)
        except OSError as error:
            raise SourceUnavailable(str(error.strerror)) from error

    def _shared_key(self) -> Path | None:
        named = self._settings.ssh_key
        return named if named is not None or not FLUX_KEY.exists() else FLUX_KEY

    def _ssh(self) -> str:
        own = bool(self._login.identity)
        hosts, machine = self._known_hosts()
        return ssh_command(
            self._settings.timeout.total_seconds(),
            key=self._key if own or self._shared_key() else None,
            known_hosts=hosts,
            machine_too=machine,
            # Who brings a key of his own does not get those of the operator.
            config=None if own else self._settings.ssh_config,
        )

    def _known_hosts(self) -> tuple[list[Path], bool]:
        """Return the files with host keys, and whether those of the machine count too."""
        if self._login.known_hosts:
            return [self.home / "known_hosts"], False
        if self._settings.known_hosts is not None:
            return [self._settings.known_hosts], False
        return [PUBLISHED, _at_home(".ssh/known_hosts")], True

    def _forget(self) -> None:
        for path in (self._credentials, self._header, self._key, self._netrc):
            path.unlink(missing_ok=True)


def _at_home(name: str) -> Path:
    """Return a file of the operator's home; a user without one has no such file."""
    try:
        return Path.home() / name
    except RuntimeError:
        return Path("/nonexistent") / name


def _root(url: str) -> str:
    """Return scheme and host of a URL."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _esc(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
