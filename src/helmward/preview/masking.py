"""Takes the content of Secrets out of documents, such that a change of it still shows; pure.

A value stands as a few letters that only this run can make of it: the same
value has the same ones, and nobody can try out values to find it.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from helmward.preview.difference import Document

LENGTH: Final = 8
PLAIN: Final = ("apiVersion", "kind", "metadata")
"""What names an object, which is never encrypted for good."""
_NOTES: Final = ("annotations", "labels")
"""Of the metadata what may be encrypted all the same."""
_CONTENT: Final = ("data", "stringData")


class Masking:
    """Masks with a key of its own."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` is for tests; without it each instance has its own."""
        self._key = key or secrets.token_bytes(32)

    def of(self, document: Document, *, secret: bool = False) -> dict[str, Any]:
        """Return the document with the content of a Secret masked.

        `secret` says that all of it came from a file that was encrypted in git:
        then every value but those that name the object is masked.
        """
        masked = self._noted(document) if secret else dict(document)
        if document.get("kind") == "Secret" and document.get("apiVersion") == "v1":
            return self._secret(masked)
        return self._all(masked) if secret else masked

    def word(self, value: Any) -> str:
        """Return what stands for a value."""
        content = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        digest = hmac.new(self._key, content, hashlib.sha256).digest()
        return f"*** ({base64.b32encode(digest).decode().lower()[:LENGTH]})"

    def _secret(self, document: Document) -> dict[str, Any]:
        """Mask the entries; plain and encoded ones of one value look alike."""
        masked = dict(document)
        for field in _CONTENT:
            entries = document.get(field)
            if isinstance(entries, Mapping):
                plain = field == "stringData"
                masked[field] = {
                    key: self.word(value if plain else _decoded(value))
                    for key, value in entries.items()
                }
            elif entries is not None:
                masked[field] = self._deep(entries)
        return masked

    def _noted(self, document: Document) -> dict[str, Any]:
        """Mask what SOPS encrypts of the metadata where nobody tells it what to leave."""
        metadata = document.get("metadata")
        if not isinstance(metadata, Mapping):
            return dict(document)
        notes = {key: self._deep(metadata[key]) for key in _NOTES if key in metadata}
        return {**document, "metadata": {**metadata, **notes}}

    def _all(self, document: Document) -> dict[str, Any]:
        return {
            key: value if key in PLAIN else self._deep(value) for key, value in document.items()
        }

    def _deep(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._deep(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._deep(one) for one in value]
        return self.word(value)


def _decoded(value: Any) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode("latin-1")
    except ValueError:
        return str(value)
