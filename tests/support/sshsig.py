"""Signs as `ssh-keygen -Y sign` does, so that tests need no such program."""

import base64
import hashlib
import struct
import textwrap

import asyncssh

_MAGIC = b"SSHSIG"


class SshSigner:
    """An SSH key that signs for git."""

    def __init__(self, kind: str = "ssh-ed25519") -> None:
        self._key = asyncssh.generate_private_key(kind)
        self._kind = kind.encode()

    @property
    def public(self) -> bytes:
        """The line of an authorized_keys."""
        return self._key.export_public_key()

    def sign(self, content: bytes) -> bytes:
        """Return an armoured signature in git's namespace."""
        about = _string(b"git") + _string(b"") + _string(b"sha512")
        signature = self._key.sign(
            _MAGIC + about + _string(hashlib.sha512(content).digest()), self._kind
        )
        blob = _MAGIC + struct.pack(">I", 1) + _string(self._key.public_data) + about
        text = base64.b64encode(blob + _string(signature)).decode()
        lines = "\n".join(textwrap.wrap(text, 70))
        return f"-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n".encode()


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content
