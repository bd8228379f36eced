"""The door for foreign errors: what the API server or the network says, in our tree.

Nothing of a Secret passes: for Secrets the server's words are replaced by ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import msgspec

from helmward.errors import (
    AccessDenied,
    ClusterUnavailable,
    Conflict,
    Expired,
    HelmwardError,
    Invalid,
    NamespaceUnready,
    NotFound,
)

LONGEST = 2000
"""Characters of the server's message that we pass on."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about, for its error message and its counter."""

    verb: str
    resource: str
    namespace: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        """Read as in `get secrets team-a/web`."""
        words = f"{self.verb} {self.resource}"
        if self.name:
            return (
                f"{words} {self.namespace}/{self.name}"
                if self.namespace
                else f"{words} {self.name}"
            )
        return f"{words} in {self.namespace}" if self.namespace else words

    @property
    def secret(self) -> bool:
        """Whether the server's words may quote a Secret."""
        return self.resource.partition("/")[0] == "secrets"


class Cause(msgspec.Struct, frozen=True):
    """One reason among several that the server gives."""

    reason: str = ""
    message: str = ""
    field: str = ""


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """What the server's error is about."""

    name: str = ""
    kind: str = ""
    causes: list[Cause] = []
    retry_after_seconds: int = 0


class Status(msgspec.Struct, frozen=True):
    """An error in the server's own form."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None

    @property
    def about(self) -> str:
        """The plural of what the error is about."""
        return self.details.kind if self.details else ""

    @property
    def causes(self) -> list[Cause]:
        """The single causes, if any."""
        return self.details.causes if self.details else []

    def caused_by(self, reason: str) -> bool:
        """Tell whether one of the causes has this reason."""
        return any(cause.reason == reason for cause in self.causes)


def read_status(code: int, body: bytes) -> Status:
    """Read an error's body; one that is no Status counts as empty."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except msgspec.MsgspecError:
        status = Status()
    return msgspec.structs.replace(status, code=code)


def refused(target: Target, status: Status, headers: Mapping[str, str]) -> HelmwardError:
    """Return our error for an answer that is not a success."""
    error = _kind(target, status)(f"cannot {target}: {_words(target, status)}")
    if isinstance(error, ClusterUnavailable):
        error.retry_after = _retry_after(status, headers)
    if isinstance(error, Conflict):
        error.exists = status.reason == "AlreadyExists"
    if isinstance(error, Invalid):
        error.causes = tuple(_line(cause, target) for cause in status.causes)
    return error


_KINDS: Mapping[int, type[HelmwardError]] = {
    HTTPStatus.BAD_REQUEST: Invalid,
    HTTPStatus.UNAUTHORIZED: AccessDenied,
    HTTPStatus.FORBIDDEN: AccessDenied,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: Invalid,
    HTTPStatus.NOT_ACCEPTABLE: Invalid,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.GONE: Expired,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Invalid,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Invalid,
    HTTPStatus.UNPROCESSABLE_ENTITY: Invalid,
}


def _kind(target: Target, status: Status) -> type[HelmwardError]:
    kind = _KINDS.get(status.code, ClusterUnavailable)
    if status.caused_by("NamespaceTerminating"):
        return NamespaceUnready
    if kind is NotFound and status.about == "namespaces" and target.resource != "namespaces":
        return NamespaceUnready
    if status.caused_by("ResourceVersionTooLarge"):
        return Expired
    if "failed to create typed patch object" in status.message:
        return Invalid  # an unknown field in an apply, which the server calls a 500
    return kind


def shortened(said: str) -> str:
    """Cut what is too long; the mark tells that a secret may have been cut in two."""
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _words(target: Target, status: Status) -> str:
    said = " ".join(status.message.split())
    if target.secret:
        return _words_about_secret(said, status)
    return shortened(said) or f"the API server answers {status.code} {status.reason}".rstrip()


# Of what the server says about Secrets, only sentences that quote no content.
_HARMLESS = re.compile(
    r'secrets "[^"]*" not found|namespaces "[^"]*" not found|secrets "[^"]*" already exists'
    r"|\.\w+: field not declared in schema|field is immutable|illegal base64 data at input byte \d+"
    r"|the object has been modified|Precondition failed|is being terminated"
    r'|User "[^"]*" cannot \w+ resource "secrets"|the server could not find the requested resource'
)


def _words_about_secret(said: str, status: Status) -> str:
    if known := _HARMLESS.search(said):
        return known.group()
    fields = sorted({cause.field for cause in status.causes if cause.field})
    where = f" ({', '.join(fields)})" if fields else ""
    return f"the API server answers {status.code} {status.reason}".rstrip() + where


def _line(cause: Cause, target: Target) -> str:
    if target.secret:
        return cause.field or cause.reason
    return f"{cause.field}: {cause.message}" if cause.field else cause.message


def _retry_after(status: Status, headers: Mapping[str, str]) -> float | None:
    written = headers.get("Retry-After", "")
    if written.isdecimal():
        return float(written)
    seconds = status.details.retry_after_seconds if status.details else 0
    return float(seconds) or None


def unreachable(target: Target, error: Exception) -> ClusterUnavailable:
    """Return our error for a request that got no answer."""
    return ClusterUnavailable(f"cannot {target}: {_network_words(error)}")


def _network_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the API server does not answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the API server's certificate is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = error.os_error.strerror or type(error.os_error).__name__
        return f"no connection to {error.host}:{error.port}: {reason}"
    if isinstance(
        error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError | ConnectionError
    ):
        return "the API server closed the connection"
    return f"the connection failed ({type(error).__name__})"
