"""Addresses as they are compared: by what they mean, not by how they are spelled. Pure.

Called by whoever asks whether two addresses are one, or one lies below another.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "oci": 443, "ssh": 22, "git": 9418}
_SCP: Final = re.compile(r"(?:[\w.+-]+@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+):(?!//)(?P<path>\S+)")
_AMBIGUOUS: Final = re.compile(r"[\s\\\x00-\x1f\x7f]")
"""What programs read in different ways: such an address is nobody's."""
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


class Unreadable(ValueError):
    """That is no address; the message says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads; user, query and fragment are no part of that."""

    scheme: str
    host: str
    port: int | None
    """None: none that is known."""
    path: tuple[str, ...]

    def holds(self, other: "Place") -> bool:
        """Tell whether another one is this one or lies below it, at the boundary of a path."""
        same = (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)
        return same and other.path[: len(self.path)] == self.path

    def secure_or_not(self) -> "Place":
        """Return it so that http and https, at their own ports, are one."""
        if self.scheme not in {"http", "https"}:
            return self
        usual = self.port == DEFAULT_PORTS[self.scheme]
        return Place("https", self.host, None if usual else self.port, self.path)


def place_of(url: str) -> Place:
    """Return where an address leads.

    Raises:
        Unreadable: it is none, or two programs could read it in two ways.
    """
    if _AMBIGUOUS.search(url):
        raise Unreadable("has a blank or a backslash in it")
    if url.startswith("/"):
        return Place("file", "", None, _segments(url))
    if "://" not in url and (scp := _SCP.fullmatch(url)):
        host, path = _host(scp["host"].strip("[]")), _segments(scp["path"])
        return Place("ssh", host, DEFAULT_PORTS["ssh"], path)
    parts, port = _split(url)
    scheme = parts.scheme.lower()
    if scheme == "file":
        return Place(scheme, "", None, _segments(parts.path))
    return Place(
        scheme,
        _host(parts.hostname or ""),
        port or DEFAULT_PORTS.get(scheme),
        _segments(parts.path),
    )


def shown(url: str) -> str:
    """Return an address as people may see it: without user, password, query and fragment."""
    if url.startswith("data:"):
        return "data:..."
    if "://" not in url:
        return url.partition("?")[0].rpartition("@")[2]
    scheme, _, rest = url.partition("://")
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def scheme_of(url: str) -> str:
    """Return the scheme in small letters; empty where there is none."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    return found[1].lower() if found else ""


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unreadable("has a host or a port that cannot be read") from None
    if "://" not in url or not parts.scheme:
        raise Unreadable("has no scheme such as https://")
    return parts, port


def _host(name: str) -> str:
    """Return a host in small letters, without the root's dot; IPv6 in its shortest form."""
    bare = name.lower().removesuffix(".")
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    if not _NAME.fullmatch(bare):
        raise Unreadable("names no host, or one that is not in ASCII")
    return bare


def _segments(path: str) -> tuple[str, ...]:
    """Take a path apart as a server does: decoded, with `..` gone up."""
    found: list[str] = []
    for one in unquote(path).split("/"):
        if one == "..":
            del found[-1:]
        elif one not in {"", "."}:
            found.append(one)
    return tuple(found)
