"""What a Secret says of how a Helm repository or registry is to be asked. Pure.

Called with the entries of `spec.chart.chartPullSecret`. Messages name keys,
never what stands under them.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from helmward.errors import SpecInvalid
from helmward.model import Access

USER: Final = "username"
PASSWORD: Final = "password"  # noqa: S105  # the name of a key
TOKENS: Final = ("token", "bearerToken")
DOCKER: Final = (".dockerconfigjson", ".dockercfg")
AUTHORITIES: Final = ("ca.crt", "caFile")
CERTIFICATES: Final = ("tls.crt", "certFile")
KEYS: Final = ("tls.key", "keyFile")
OPTIONS: Final[Mapping[str, str]] = {
    "insecureSkipTLSVerify": "skip_tls_verify",
    "plainHTTP": "plain_http",
    "passCredentials": "pass_credentials",
}
KNOWN: Final = (
    *(USER, PASSWORD, *TOKENS, *DOCKER),
    *(*AUTHORITIES, *CERTIFICATES, *KEYS, *OPTIONS),
)
"""Every key that says something; all others are left alone."""

Entries = Mapping[str, bytes]
Complain = Callable[[str], SpecInvalid]


def access_of(entries: Entries, secret: str, field: str = "spec.chart.chartPullSecret") -> Access:
    """Return what the entries of a Secret say; `secret` is how people know it.

    Raises:
        SpecInvalid: it says nothing, half of something, or cannot be read; the
            message names the field, the Secret, the key and the fix.
    """
    return Reading(entries, lambda why: SpecInvalid(f"{field}: Secret {secret} {why}")).access()


class Reading:
    """The entries of one Secret while they are read."""

    def __init__(self, entries: Entries, complain: Complain) -> None:
        self._entries = entries
        self._complain = complain

    def access(self) -> Access:
        """Return all that they say."""
        if not any(key in self._entries for key in KNOWN):
            raise self._complain(
                "holds no credentials: give it username and password, token, "
                ".dockerconfigjson, tls.crt and tls.key, or ca.crt"
            )
        user, password = self._pair(USER, PASSWORD)
        token = self._text(self._first(TOKENS))
        if user and token:
            raise self._complain("holds both username and token: take one of the two away")
        if ":" in user:
            raise self._complain('has a ":" under username, which no such login may have')
        certificate, key = self._client()
        return Access(
            username=user,
            password=password,
            token=token,
            docker_config=self._docker(),
            ca=self._pem(self._first(AUTHORITIES), b"CERTIFICATE"),
            certificate=certificate,
            key=key,
            **{name: self._flag(key) for key, name in OPTIONS.items()},
        )

    def _first(self, names: tuple[str, ...]) -> str:
        """Return which of the names of one thing is used; the first one where none is."""
        return next((name for name in names if self._entries.get(name)), names[0])

    def _pair(self, one: str, other: str) -> tuple[str, str]:
        found = self._text(one), self._text(other)
        if bool(found[0]) != bool(found[1]):
            here, missing = (one, other) if found[0] else (other, one)
            raise self._complain(f"holds {here} but no {missing}: add {missing}")
        return found

    def _client(self) -> tuple[bytes, bytes]:
        names = self._first(CERTIFICATES), self._first(KEYS)
        certificate = self._pem(names[0], b"CERTIFICATE")
        key = self._pem(names[1], b"PRIVATE KEY")
        if bool(certificate) != bool(key):
            here, missing = names if certificate else reversed(names)
            raise self._complain(f"holds {here} but no {missing}: add {missing}")
        return certificate, key

    def _text(self, key: str) -> str:
        """Return a line of text; the line break that editors leave at its end is no part of it."""
        try:
            text = self._entries.get(key, b"").decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise self._complain(f"holds no text under {key}: write it in UTF-8") from None
        if not text.isprintable():
            raise self._complain(f"has a line break or the like under {key}: take it out")
        return text

    def _pem(self, key: str, kind: bytes) -> bytes:
        content = self._entries.get(key, b"")
        if content and (b"-----BEGIN " not in content or kind + b"-----" not in content):
            raise self._complain(f"holds no {kind.decode().lower()} in PEM under {key}")
        return content

    def _flag(self, key: str) -> bool:
        match self._text(key).strip().lower():
            case "true":
                return True
            case "" | "false":
                return False
            case _:
                raise self._complain(f"says neither true nor false under {key}")

    def _docker(self) -> bytes:
        """Return the registries' logins in the newer of Docker's two forms."""
        key = self._first(DOCKER)
        content = self._entries.get(key, b"")
        if not content:
            return b""
        try:
            read = json.loads(content)
        except ValueError:
            raise self._complain(f"holds no JSON under {key}") from None
        auths = read.get("auths") if key == DOCKER[0] and isinstance(read, dict) else read
        if not isinstance(auths, dict) or not all(isinstance(v, dict) for v in auths.values()):
            raise self._complain(
                f"names no registries under {key}: make it by kubectl create secret docker-registry"
            )
        return json.dumps({"auths": auths}).encode()


def secrets_of(access: Access) -> frozenset[str]:
    """Return the texts of an access that nobody may see."""
    found = {access.password, access.token, *_of_docker(access.docker_config)}
    return frozenset(found | body_of(access.key)) - {""}


def body_of(key: bytes) -> frozenset[str]:
    """Return the lines of a private key without those that every key has."""
    lines = key.decode("utf-8", "replace").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("-----"))


def _of_docker(config: bytes) -> Iterator[str]:
    auths: Mapping[str, Mapping[str, Any]] = json.loads(config)["auths"] if config else {}
    for login in auths.values():
        for name in ("password", "auth", "identitytoken", "registrytoken"):
            if isinstance(text := login.get(name), str):
                yield text
        yield _password_in(login.get("auth"))


def _password_in(auth: object) -> str:
    """Return the password of `user:password` in base64; empty where it is none."""
    try:
        text = base64.b64decode(str(auth or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text.partition(":")[2]
