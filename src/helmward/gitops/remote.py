"""Addresses of git repositories: what git gets, what people see, what stays secret.

Called by `source`. Pure, and the only place that takes a password out of a URL.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from helmward.errors import ConfigInvalid
from helmward.settings import GitSettings

SCHEMES: Final = ("http", "https", "ssh", "git", "file")

_SCP: Final = re.compile(r"(?P<user>[A-Za-z0-9_][\w.+-]*@)?[A-Za-z0-9_\[][\w.\[\]-]*:(?!:)\S+")
_USERINFO: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s]*@")
_BAD_BRANCH: Final = re.compile(r"^[-./]|\.\.|@\{|[\s:?*\[\\^~\x00-\x1f\x7f]|[/.]$|\.lock$|//")


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository. Nothing secret shows in its repr."""

    url: str
    """What git is given: without user and password for HTTP."""
    scheme: str
    userinfo: str = field(default="", repr=False)
    """`user:password` as written for HTTP, percent-encoded."""
    path: str = ""
    """The folder of a repository on this machine."""

    def __str__(self) -> str:
        """Read as people may see it."""
        return _USERINFO.sub(r"\g<scheme>***@", self.url) if self.scheme == "ssh" else self.url

    @property
    def credentials(self) -> str:
        """The line of git's credential store, empty where none is needed."""
        if not self.userinfo:
            return ""
        user, _, password = self.userinfo.partition(":")
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{user}:{password}@{rest.partition('/')[0]}\n"

    def redact(self, text: str) -> str:
        """Take everything secret out of what git says."""
        user, _, password = self.userinfo.partition(":")
        for secret in {password or user, unquote(password or user)} - {""}:
            text = text.replace(secret, "***")
        return _USERINFO.sub(r"\g<scheme>***@", text)


def read_remote(url: str) -> Remote:
    """Return the repository that a `--git-url` names.

    Raises:
        ConfigInvalid: no address that git may be given; it never quotes the
            address, which may hold a password.
    """
    if url.startswith("/"):
        return Remote(url, "file", path=url)
    if "://" in url:
        return _from_url(url)
    if _SCP.fullmatch(url):
        return Remote(url, "ssh")
    raise ConfigInvalid(
        "--git-url names no git repository: expected https://, ssh://, git://, file://,"
        " user@host:path or an absolute path"
    )


def check(settings: GitSettings) -> Remote:
    """Return the repository of the settings, all of whose fields hold what they should.

    Raises:
        ConfigInvalid: the message names the flag.
    """
    if settings.branch and _BAD_BRANCH.search(settings.branch):
        raise ConfigInvalid(f"--git-branch {settings.branch!r} is no name of a branch")
    for path in settings.paths:
        if path.startswith("/") or ".." in path.split("/"):
            raise ConfigInvalid(f"--git-path {path!r} must be a path inside the repository")
    return read_remote(settings.url)


def _from_url(url: str) -> Remote:
    parts = _split(url)
    if parts.scheme not in SCHEMES:
        raise ConfigInvalid(f"--git-url: {parts.scheme}:// is none of {', '.join(SCHEMES)}")
    if parts.query or parts.fragment:
        raise ConfigInvalid("--git-url has a ? or #: percent-encode it if it is part of a password")
    if parts.scheme == "file":
        return Remote(urlunsplit(parts), "file", path=unquote(parts.path))
    userinfo, _, host = parts.netloc.rpartition("@")
    if not host or host.startswith("-"):
        raise ConfigInvalid("--git-url names no host")
    if parts.scheme == "ssh":
        user = userinfo.partition(":")[0]
        return Remote(urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host)), "ssh")
    return Remote(urlunsplit(parts._replace(netloc=host)), parts.scheme, userinfo)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigInvalid(
            "--git-url cannot be read: are special characters of the password percent-encoded?"
        ) from None
    if re.search(r"[\s\x00-\x1f]", url):
        raise ConfigInvalid("--git-url has a blank in it: percent-encode it")
    return parts
