"""What a Secret says of a git repository: user and password, token, key, host keys; pure.

The names of its entries are those that Flux gave them.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from helmward.errors import SpecInvalid
from helmward.git.remote import Remote

FIELD: Final = "spec.chart.secretRef"
"""The field of a chart that names the Secret."""
ANY_USER: Final = "git"
"""Forges take any user with a token."""


@dataclass(frozen=True, slots=True)
class GitLogin:
    """As whom one repository is read, and whom it has to be; never printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Sent as `Authorization: Bearer`."""
    identity: bytes = field(default=b"", repr=False)
    """An SSH private key."""
    known_hosts: bytes = b""
    ca: bytes = b""
    """PEM; it alone is trusted."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be in no message."""
        return tuple(filter(None, (self.password, self.token)))


NOBODY: Final = GitLogin()


def read_login(entries: Mapping[str, bytes], said: str = FIELD) -> GitLogin:
    """Return the login that a Secret's entries hold; a password alone is a token.

    `said` is the field or flag that names the Secret.

    Raises:
        SpecInvalid: an entry is no text, or has more than one line; it is not quoted.
    """
    password = _line(entries, "password", said)
    user = _line(entries, "username", said) or (ANY_USER if password else "")
    return GitLogin(
        username=user,
        password=password,
        token="" if password else _line(entries, "bearerToken", said),
        identity=entries.get("identity", b""),
        known_hosts=entries.get("known_hosts", b""),
        ca=entries.get("caFile") or entries.get("ca.crt", b""),
    )


def check_login(login: GitLogin, remote: Remote, said: str = FIELD) -> None:
    """Refuse a login that is for another way to get there.

    Raises:
        SpecInvalid: the message names the entries that are missing.
    """
    if login == NOBODY:
        return
    if remote.scheme == "ssh" and not (login.identity or login.known_hosts):
        raise SpecInvalid(
            f"{said}: the Secret has no entry `identity` (a private key),"
            " which a repository over SSH needs"
        )
    web = login.password or login.token or login.ca
    if remote.scheme in {"http", "https"} and not web:
        raise SpecInvalid(
            f"{said}: the Secret has neither `username` and `password` nor"
            f" `bearerToken`, which a repository over {remote.scheme} needs"
        )


def fingerprint(login: GitLogin, remote: Remote, salt: bytes) -> str:
    """Return a name for the credentials, from which nobody gets them back."""
    parts = (
        login.username.encode(),
        login.password.encode(),
        login.token.encode(),
        *(login.identity, login.known_hosts, login.ca, remote.userinfo.encode()),
    )
    counted = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(salt, counted, hashlib.sha256).hexdigest()


def _line(entries: Mapping[str, bytes], name: str, said: str) -> str:
    try:
        text = entries.get(name, b"").decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise SpecInvalid(f"{said}: the entry `{name}` is no text") from None
    if any(mark in text for mark in "\r\n\0"):
        raise SpecInvalid(f"{said}: the entry `{name}` has more than one line")
    return text
