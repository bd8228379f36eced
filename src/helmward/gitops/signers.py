"""Who has signed a commit or a tag, among those whose keys we were given.

Called by `verify`, which knows what has to be signed. Whether a signature is
good, the engine knows.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from helmward.errors import SignatureMissing, TransientError
from helmward.git.signed import Signed
from helmward.gitops.keys import read_keys
from helmward.settings import VerifySettings

FLAG: Final = "--git-verify-signatures-mode"
PGP_FLAG: Final = "--git-gpg-key-import"
SSH_FLAG: Final = "--git-ssh-signers"
REMEMBERED: Final = 100_000
"""Commits that are known to be signed; with more of them all are forgotten."""


class Signatures(Protocol):
    """Where signatures are looked at: the engine."""

    async def verify_signature(
        self,
        payload: bytes,
        signature: bytes,
        *,
        pgp_keys: Sequence[bytes],
        ssh_keys: Sequence[bytes],
    ) -> str:
        """Return who signed.

        Raises:
            SignatureMissing: nobody trusted did; the message goes on from its name.
        """


class Unsigned(Exception):
    """Something is not signed as it should be; the words say what and why."""


@dataclass(slots=True)
class _Trusted:
    """Whom we trust, and what is known to be theirs."""

    pgp: Sequence[bytes] = ()
    ssh: Sequence[bytes] = ()
    signers: dict[str, str] = field(default_factory=dict)
    """By commit or tag: nothing is verified twice."""

    @property
    def digest(self) -> bytes:
        """Differs when a key was added or taken away."""
        parts = (b"pgp", *self.pgp, b"ssh", *self.ssh)
        return hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in parts)).digest()


class Signers:
    """Those whom the settings trust, and what is known to be theirs."""

    def __init__(self, settings: VerifySettings, engine: Signatures) -> None:
        self._settings = settings
        self._engine = engine
        self._trusted = _Trusted()

    async def learn(self) -> None:
        """Read the keys; if they are others, what was verified is forgotten.

        Raises:
            Unsigned: there is no key, or one cannot be read.
        """
        try:
            pgp = await read_keys(self._settings.pgp_keys, PGP_FLAG)
            ssh = await read_keys(self._settings.ssh_keys, SSH_FLAG)
        except TransientError as error:
            raise Unsigned(f"signatures cannot be looked at: {error}") from error
        if not pgp and not ssh:
            raise Unsigned(
                f"{FLAG}={self._settings.mode} needs the keys of those who may sign:"
                f" give {PGP_FLAG} or {SSH_FLAG}"
            )
        trusted = _Trusted(pgp, ssh)
        full = len(self._trusted.signers) > REMEMBERED
        if full or trusted.digest != self._trusted.digest:
            self._trusted = trusted

    def of(self, oid: str) -> str:
        """Return who signed a commit or a tag; empty where that is not known."""
        return self._trusted.signers.get(oid, "")

    async def check(self, oid: str, signed: Signed, said: str) -> None:
        """Remember who signed it.

        Raises:
            Unsigned: nobody whom we trust did.
            EngineLost: signatures cannot be looked at now.
        """
        if not signed.signature:
            raise self.refused(said, "it is not signed")
        if signed.x509:
            raise self.refused(said, "it is signed with a certificate: use OpenPGP or SSH keys")
        try:
            by = await self._engine.verify_signature(
                signed.payload,
                signed.signature,
                pgp_keys=self._trusted.pgp,
                ssh_keys=self._trusted.ssh,
            )
        except SignatureMissing as error:
            raise self.refused(said, str(error)) from error
        self._trusted.signers[oid] = by

    def refused(self, said: str, why: str) -> Unsigned:
        """Say that something is not applied, by which flag, and why."""
        return Unsigned(f"{said} is not applied ({FLAG}={self._settings.mode}): {why}")
