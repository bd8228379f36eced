"""The calls about what lies in git: kustomizations, and who has signed a commit.

Part of `client`. What is read, and by which keys, is handed over with each call;
the engine asks nobody and keeps nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from helmward.engine import translate
from helmward.engine.caller import Caller
from helmward.engine.pb import engine_pb2 as pb
from helmward.errors import ConfigInvalid, SignatureMissing, SourceRejected, SourceUnavailable

BUILD: Final = timedelta(seconds=60)
READ: Final = timedelta(seconds=30)
LARGEST_TREE: Final = 48 << 20
"""Bytes of all files of a build; a message holds a little more."""

_OF_BUILDS: Final = {
    **translate.ERRORS,
    translate.Kind.INVALID: SourceRejected,
    translate.Kind.TOO_LARGE: SourceRejected,
    translate.Kind.TIMEOUT: SourceUnavailable,
}
_OF_SIGNATURES: Final = {**translate.ERRORS, translate.Kind.UNVERIFIED: SignatureMissing}
_OF_SIGNING: Final = {**translate.ERRORS, translate.Kind.INVALID: ConfigInvalid}


@dataclass(frozen=True)
class BuiltObject:
    """An object that a kustomization is built to."""

    value: dict[str, Any]
    file: str
    """Where it was written, or the kustomization that generated it."""


class GitCalls(Caller):
    """Kustomizations and signatures, in the name of one identity."""

    async def kustomize(
        self, files: Mapping[str, bytes], path: str, *, deadline: timedelta = BUILD
    ) -> list[BuiltObject]:
        """Build the kustomization in a folder, and return its objects in its order.

        `files` is all that can be read, by path from the root of the repository;
        nothing is fetched, and no program is run.

        Raises:
            SourceRejected: as `file:line: what is wrong`.
            SourceUnavailable: it was not built by the deadline.
            EngineLost: as it says.
        """
        size = sum(map(len, files.values()))
        if size > LARGEST_TREE:
            raise SourceRejected(
                f"{path or '.'}: the files have {size} bytes; {LARGEST_TREE} are read at most"
            )
        call = self._call("kustomize", path, deadline)
        request = pb.KustomizeRequest(call=call, files=files, path=path)
        reply = await self._calls.unary(lambda stub: stub.Kustomize, request, deadline, _OF_BUILDS)
        return [BuiltObject(json.loads(one.json), one.file) for one in reply.objects]

    async def verify_signature(
        self,
        payload: bytes,
        signature: bytes,
        *,
        pgp_keys: Sequence[bytes],
        ssh_keys: Sequence[bytes],
        deadline: timedelta = READ,
    ) -> str:
        """Return who has signed a commit or a tag, as identity and fingerprint.

        `payload` is the commit or tag without its signature. SSH keys are public
        keys or lines of allowed signers.

        Raises:
            SignatureMissing: nobody trusted has; the message goes on from its name.
            EngineLost: as it says.
        """
        request = pb.VerifySignatureRequest(
            call=self._call("verify-signature", "", deadline),
            payload=payload,
            signature=signature,
            pgp_keys=pgp_keys,
            ssh_keys=ssh_keys,
        )
        reply = await self._calls.unary(
            lambda stub: stub.VerifySignature, request, deadline, _OF_SIGNATURES
        )
        return str(reply.signed_by)

    async def sign(
        self, payload: bytes, private_key: bytes, key_id: str = "", *, deadline: timedelta = READ
    ) -> bytes:
        """Return an armoured OpenPGP signature.

        The key has no passphrase; `key_id` is the end of a fingerprint or an
        address, and empty takes the first.

        Raises:
            ConfigInvalid: the key cannot sign, or there is none of that name.
            EngineLost: as it says.
        """
        request = pb.SignRequest(
            call=self._call("sign", "", deadline),
            payload=payload,
            private_key=private_key,
            key_id=key_id,
        )
        reply = await self._calls.unary(lambda stub: stub.Sign, request, deadline, _OF_SIGNING)
        return bytes(reply.signature)
