"""Addresses of git repositories: what git gets, what people see, what stays secret.

Pure, and the only place that takes a password out of a URL.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from helmward.errors import ConfigInvalid

SCHEMES: Final = ("http", "https", "ssh", "git", "file")

_SCP: Final = re.compile(r"(?P<user>[A-Za-z0-9_][\w.+-]*@)?[A-Za-z0-9_\[][\w.\[\]-]*:(?!:)\S+")
_USERINFO: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s]*@")
_BAD_REF: Final = re.compile(r"^[-./]|\.\.|@\{|[\s:?*\[\\^~\x00-\x1f\x7f]|[/.]$|\.lock$|//")

_PORTS: Final = {"https": ":443", "http": ":80", "ssh": ":22", "git": ":9418"}


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


def read_remote(url: str, said: str = "--git-url") -> Remote:
    """Return the repository that an address names, which stands in the flag or field `said`.

    Raises:
        ConfigInvalid: no address that git may be given; it never quotes the
            address, which may hold a password.
    """
    if url.startswith("/"):
        return Remote(url, "file", path=url)
    if "://" in url:
        return _from_url(url, said)
    if _SCP.fullmatch(url):
        return Remote(url, "ssh")
    raise ConfigInvalid(
        f"{said} names no git repository: expected https://, ssh://, git://, file://,"
        " user@host:path or an absolute path"
    )


def is_name(ref: str) -> bool:
    """Tell whether git could have a branch or tag of that name."""
    return bool(ref) and not _BAD_REF.search(ref)


def identity(remote: Remote) -> str:
    """Return the address such that other spellings of the same have the same; case counts.

    Another user or another way to get there is another identity.
    """
    if "://" not in remote.url:
        return remote.url.rstrip("/")
    parts = urlsplit(remote.url)
    user, _, host = parts.netloc.rpartition("@")
    host = host.lower().removesuffix(_PORTS.get(parts.scheme, "/"))
    netloc = f"{user}@{host}" if user else host
    return urlunsplit(parts._replace(netloc=netloc, path=parts.path.rstrip("/")))


def likeness(url: str) -> str:
    """Return host and path, in which all addresses of one repository are alike.

    Hooks name a repository by what they know of it: any way to get there, any
    user, any case, with `.git` or without. Empty for what is no address.
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        host, colon, path = url.partition(":")
        rest = f"{host}/{path.lstrip('/')}" if colon else ""
    elif scheme.lower() not in SCHEMES:
        return ""
    authority, _, path = rest.partition("/")
    host = re.sub(r":\d*$", "", authority.rpartition("@")[2])
    path = re.split(r"[?#]", path)[0].strip("/").removesuffix(".git").removeprefix("scm/")
    return f"{host}/{path}".casefold() if path and host else ""


def _from_url(url: str, said: str) -> Remote:
    parts = _split(url, said)
    if parts.scheme not in SCHEMES:
        raise ConfigInvalid(f"{said}: {parts.scheme}:// is none of {', '.join(SCHEMES)}")
    if parts.query or parts.fragment:
        raise ConfigInvalid(f"{said} has a ? or #: percent-encode it if it is part of a password")
    if parts.scheme == "file":
        return Remote(urlunsplit(parts), "file", path=unquote(parts.path))
    userinfo, _, host = parts.netloc.rpartition("@")
    if not host or host.startswith("-"):
        raise ConfigInvalid(f"{said} names no host")
    if parts.scheme == "ssh":
        user = userinfo.partition(":")[0]
        return Remote(urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host)), "ssh")
    return Remote(urlunsplit(parts._replace(netloc=host)), parts.scheme, userinfo)


def _split(url: str, said: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigInvalid(
            f"{said} cannot be read: are special characters of the password percent-encoded?"
        ) from None
    if re.search(r"[\s\x00-\x1f]", url):
        raise ConfigInvalid(f"{said} has a blank in it: percent-encode it")
    return parts
