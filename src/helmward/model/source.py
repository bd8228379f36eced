"""What sources of charts and documents want to see of us, and how far they are trusted."""

from dataclasses import dataclass, field
from typing import Final

from helmward.model.revision import DOMAIN

PLAIN_HTTP: Final = f"{DOMAIN}/plain-http"
"""Annotation of a HelmRelease: `true` speaks HTTP instead of HTTPS to its registry."""
SKIP_TLS_VERIFY: Final = f"{DOMAIN}/skip-tls-verify"
"""Annotation of a HelmRelease: `true` takes any certificate of its chart's source."""
PASS_CREDENTIALS: Final = f"{DOMAIN}/pass-credentials"
"""Annotation of a HelmRelease: `true` lets credentials follow to other hosts."""
VERIFY: Final = f"{DOMAIN}/verify"
"""Annotation of a HelmRelease: `provenance` or `cosign` installs signed charts alone."""
VERIFY_KEYS: Final = f"{DOMAIN}/verify-keys"
"""Annotation of a HelmRelease: the Secret of its namespace with the keys for that."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What annotations of a HelmRelease say of its chart's source."""

    plain_http: bool = False
    skip_tls_verify: bool = False
    pass_credentials: bool = False
    verify: str = ""
    """`provenance`, `cosign`, or nothing."""
    verify_keys: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials and trust for one source; never printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """Sent as `Authorization: Bearer`."""
    docker_config: bytes = field(default=b"", repr=False)
    """A `.dockerconfigjson`, for registries."""
    ca: bytes = b""
    """PEM, as are the two below."""
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    skip_tls_verify: bool = False
    plain_http: bool = False
    pass_credentials: bool = False


ANYBODY: Final = Access()


@dataclass(frozen=True, slots=True)
class Verification:
    """Who must have signed a chart; one key that fits is enough."""

    provider: str
    """`provenance` or `cosign`."""
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A Helm repository that is known by name, with what it wants to see of us."""

    name: str
    url: str
    access: Access = ANYBODY


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the web."""

    content: bytes
    stale_reason: str = ""
    """Why it could not be asked for, when a kept copy is used."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that a chart's JSON schema refuses; no value is quoted."""

    path: tuple[str, ...]
    """Where it stands in the values; numbers inside lists are in digits."""
    problem: str
    chart: str = ""
    """The subchart whose schema it is; empty for the release's own chart."""
