"""Lets manifests with secrets in them be known by nothing from which these could be guessed.

Checksum and digest of a manifest are kept where many may read; a hash of a
password tells it to whoever tries enough of them.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from helmward.gitops.build import Parsed

_SALT: Final = secrets.token_bytes(32)
"""Of this process; after a restart what was made with it counts as changed once."""


def covered(parsed: Parsed, sealed: bytes) -> Parsed:
    """Let manifests be known by what git has instead of by what they say."""
    checksum = sha1(sealed)
    known = hashlib.sha256(sealed).hexdigest()
    manifests = [
        replace(one, checksum=checksum, stands_for=known, secret=True) for one in parsed.manifests
    ]
    return Parsed(tuple(manifests), parsed.faults)


def salted(parsed: Parsed, checksum: str) -> Parsed:
    """Let manifests be known by what only this process can tell; git does not have all of it."""
    manifests = [
        replace(one, checksum=checksum, stands_for=_digest(one.object), secret=True)
        for one in parsed.manifests
    ]
    return Parsed(tuple(manifests), parsed.faults)


def sha1(content: bytes) -> str:
    """Return the checksum that Flux v1 wrote."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _digest(value: Mapping[str, Any]) -> str:
    content = json.dumps(value, sort_keys=True).encode()
    return hmac.new(_SALT, content, hashlib.sha256).hexdigest()
