"""Public keys that signatures are held against: which contents are some. Pure."""

from collections.abc import Mapping
from typing import Final

from helmward.errors import SpecInvalid
from helmward.model import VERIFY_KEYS

PROVIDERS: Final[Mapping[str, str]] = {
    "provenance": "OpenPGP public keyring",
    "cosign": "public key of cosign in PEM",
}
"""Who signs in which way, and what their keys are called."""
FIELD: Final = f"metadata.annotations[{VERIFY_KEYS}]"
_PACKET: Final = 0x80
"""The first bit of every binary OpenPGP packet."""


def is_key(provider: str, content: bytes) -> bool:
    """Tell whether a content looks like a public key for the signatures of a provider."""
    armoured = b"-----BEGIN PGP PUBLIC KEY BLOCK-----" in content
    if provider == "provenance":
        return armoured or (content[:1] >= bytes([_PACKET]) and b"-----BEGIN" not in content)
    return not armoured and b"-----BEGIN " in content and b"PUBLIC KEY-----" in content


def keys_of(entries: Mapping[str, bytes], provider: str, secret: str) -> tuple[bytes, ...]:
    """Return the public keys of a Secret; what else it holds is left alone.

    Raises:
        SpecInvalid: it holds none; the message names annotation and Secret.
    """
    found = tuple(entries[key] for key in sorted(entries) if is_key(provider, entries[key]))
    if not found:
        raise SpecInvalid(f"{FIELD}: Secret {secret} holds no {PROVIDERS[provider]}: add one")
    return found
