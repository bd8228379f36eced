"""As much OpenPGP as it takes to sign a chart: a key, its keyring, clear-signed text.

RSA keys and SHA-256 alone (RFC 4880); so tests need no gpg on the machine.
"""

import base64
import hashlib
import struct
import tarfile
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

RSA, SHA256 = 1, 8
BINARY, TEXT, CERTIFICATION = 0x00, 0x01, 0x13
PUBLIC_KEY, SIGNATURE, USER_ID = 6, 2, 13
CREATED, ISSUER, KEY_FLAGS = 2, 16, 27
MAY_SIGN = bytes([0x03])


class PgpKey:
    """A key with one name, made a day ago."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = rsa.generate_private_key(65537, 2048)
        self._made = int(time.time()) - 86400
        numbers = self._key.public_key().public_numbers()
        head = struct.pack(">BIB", 4, self._made, RSA)
        self._body = head + _mpi(numbers.n) + _mpi(numbers.e)
        self._hashed_body = b"\x99" + struct.pack(">H", len(self._body)) + self._body
        self.fingerprint = hashlib.sha1(self._hashed_body).hexdigest().upper()  # noqa: S324

    @property
    def keyring(self) -> bytes:
        """The public key, as in a pubring.gpg."""
        name = self.name.encode()
        certified = self._hashed_body + b"\xb4" + struct.pack(">I", len(name)) + name
        signature = self._signature(CERTIFICATION, certified, _subpacket(KEY_FLAGS, MAY_SIGN))
        return _packet(PUBLIC_KEY, self._body) + _packet(USER_ID, name) + signature

    @property
    def armoured(self) -> bytes:
        """The public key, as `gpg --export --armor` writes it."""
        return _armoured("PGP PUBLIC KEY BLOCK", self.keyring)

    def clearsign(self, text: str) -> bytes:
        """Sign a text that stays readable."""
        lines = [line.rstrip() for line in text.rstrip("\n").split("\n")]
        signature = self._signature(TEXT, "\r\n".join(lines).encode())
        shown = "\n".join(f"- {line}" if line.startswith("-") else line for line in lines)
        head = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{shown}\n"
        return head.encode() + _armoured("PGP SIGNATURE", signature)

    def sign(self, content: bytes) -> bytes:
        """Sign bytes as they are, beside them, as `gpg --detach-sign --armor` does."""
        return _armoured("PGP SIGNATURE", self._signature(BINARY, content))

    def _signature(self, kind: int, signed: bytes, hashed: bytes = b"") -> bytes:
        hashed = _subpacket(CREATED, struct.pack(">I", self._made + 60)) + hashed
        head = struct.pack(">BBBBH", 4, kind, RSA, SHA256, len(hashed)) + hashed
        total = hashlib.sha256(signed + head + struct.pack(">BBI", 4, 0xFF, len(head))).digest()
        number = self._key.sign(total, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        issuer = _subpacket(ISSUER, bytes.fromhex(self.fingerprint)[-8:])
        rest = struct.pack(">H", len(issuer)) + issuer + total[:2]
        return _packet(SIGNATURE, head + rest + _mpi(int.from_bytes(number)))


def provenance_of(archive: Path, key: PgpKey, *, name: str = "", digest: str = "") -> bytes:
    """Write a chart's .prov file as `helm package --sign` does."""
    digest = digest or hashlib.sha256(archive.read_bytes()).hexdigest()
    with tarfile.open(archive) as packed:
        member = next(one for one in packed.getmembers() if one.name.endswith("/Chart.yaml"))
        content = packed.extractfile(member)
        assert content is not None
        chart = content.read().decode()
    return key.clearsign(f"{chart}\n...\nfiles:\n  {name or archive.name}: sha256:{digest}\n")


def _mpi(number: int) -> bytes:
    return struct.pack(">H", number.bit_length()) + number.to_bytes((number.bit_length() + 7) // 8)


def _packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + struct.pack(">I", len(body)) + body


def _subpacket(kind: int, body: bytes) -> bytes:
    return bytes([len(body) + 1, kind]) + body


def _armoured(title: str, content: bytes) -> bytes:
    lines = base64.encodebytes(content).decode()
    checksum = base64.b64encode(_crc24(content).to_bytes(3)).decode()
    return f"-----BEGIN {title}-----\n\n{lines}={checksum}\n-----END {title}-----\n".encode()


def _crc24(content: bytes) -> int:
    crc = 0xB704CE
    for byte in content:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc & 0xFFFFFF
