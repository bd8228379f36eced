"""Opens documents with the keys it was given, and remembers what was opened."""

import asyncio
import hashlib
from collections import OrderedDict
from typing import Final

from helmward.sops.keys import Keys
from helmward.sops.running import DecryptFailed, Request, run

REMEMBERED: Final = 16 * 1024 * 1024
"""Bytes of opened documents that are kept in memory."""
AT_ONCE: Final = 2
"""Programs at a time: each takes a core."""
NO_KEYS: Final = (
    "it is encrypted with SOPS and there is no key for it: start Helmward with "
    "--sops-age-key or --sops-pgp-key"
)
NO_PGP_KEYS: Final = (
    "it is encrypted with OpenPGP and there is no key for it: start Helmward with "
    "--git-gpg-key-import or --sops-pgp-key"
)


class Decrypter:
    """Opens documents with the keys it was given; the same again costs nothing."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._opened: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def decrypt(self, document: bytes, form: str = "yaml") -> bytes:
        """Return the plain document, in the form of its file.

        The form `pgp` is a message that has nothing to do with SOPS.

        Raises:
            DecryptFailed: there is no key, none fits, or it was changed since.
            ConfigInvalid: the program is not there.
        """
        if form == "pgp" and not self._keys.pgp:
            raise DecryptFailed(NO_PGP_KEYS)
        if not (self._keys.age or self._keys.pgp):
            raise DecryptFailed(NO_KEYS)
        known = hashlib.sha256(form.encode() + b"\0" + document).digest()
        if known in self._opened:
            self._opened.move_to_end(known)
            return self._opened[known]
        async with self._turn:
            plain = await run(Request(document, form, self._keys))
        self._remember(known, plain)
        return plain

    def _remember(self, known: bytes, plain: bytes) -> None:
        if known in self._opened or len(plain) > REMEMBERED:
            return
        self._opened[known] = plain
        self._size += len(plain)
        while self._size > REMEMBERED:
            _, oldest = self._opened.popitem(last=False)
            self._size -= len(oldest)
