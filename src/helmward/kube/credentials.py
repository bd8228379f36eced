"""Proofs of identity that may change while we run; the transport asks before each request."""

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from helmward.errors import ClusterUnavailable, ConfigInvalid

EXEC_TIMEOUT = 60.0
EARLY = 60.0
"""Seconds before its expiry from which a token counts as used up."""


class Credentials(Protocol):
    """What goes into the `Authorization` header."""

    async def authorization(self) -> str:
        """Return the header's value; empty when the TLS certificate says it all."""

    def forget(self) -> bool:
        """Drop what is cached, after a 401; say whether a second try makes sense."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A header that never changes: a token, a password, or nothing at all."""

    header: str = field(default="", repr=False)

    async def authorization(self) -> str:
        """Return it."""
        return self.header

    def forget(self) -> bool:
        """Say that there is nothing else to try."""
        return False


def bearer(token: str) -> Fixed:
    """Return credentials of a token."""
    return Fixed(f"Bearer {token}")


def basic(username: str, password: str) -> Fixed:
    """Return credentials of a name and a password."""
    return Fixed("Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())


@dataclass(slots=True)
class TokenFile:
    """A token that somebody else renews on disk, read again once a minute."""

    path: Path
    every: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _header: str = field(default="", repr=False)
    _read_at: float = 0.0

    async def authorization(self) -> str:
        """Return the newest token.

        Raises:
            ClusterUnavailable: the file cannot be read.
        """
        if not self._header or self.clock() - self._read_at >= self.every:
            self._read()
        return self._header

    def forget(self) -> bool:
        """Read the file anew next time."""
        self._header = ""
        return True

    def _read(self) -> None:
        try:
            token = self.path.read_text().strip()
        except OSError as error:
            raise ClusterUnavailable(
                f"cannot read the token in {self.path}: {error.strerror}"
            ) from error
        self._header, self._read_at = f"Bearer {token}", self.clock()


class _ExecStatus(msgspec.Struct, frozen=True, rename="camel"):
    token: str = ""
    expiration_timestamp: datetime | None = None


class _ExecCredential(msgspec.Struct, frozen=True):
    status: _ExecStatus | None = None


@dataclass(slots=True)
class ExecPlugin:
    """A program of the kubeconfig that prints a token; started without a shell."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    api_version: str = "client.authentication.k8s.io/v1"
    cluster: Mapping[str, object] | None = None
    _header: str = field(default="", repr=False)
    _until: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def authorization(self) -> str:
        """Return the token of the last run, or run the program again.

        Raises:
            ClusterUnavailable: the program failed or printed no token.
            ConfigInvalid: there is no such program.
        """
        async with self._lock:
            if not self._header or time.time() >= self._until:
                self._keep(await self._run())
            return self._header

    def forget(self) -> bool:
        """Run the program anew next time."""
        self._header = ""
        return True

    def _keep(self, printed: bytes) -> None:
        try:
            status = msgspec.json.decode(printed, type=_ExecCredential).status
        except msgspec.MsgspecError:
            status = None
        if status is None or not status.token:
            raise ClusterUnavailable(f"the credential plugin {self.command} printed no token")
        expiry = status.expiration_timestamp
        self._until = expiry.timestamp() - EARLY if expiry else float("inf")
        self._header = f"Bearer {status.token}"

    async def _run(self) -> bytes:
        spec: dict[str, object] = {"interactive": False}
        if self.cluster is not None:
            spec["cluster"] = self.cluster
        info = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec}
        env = {**os.environ, **self.env, "KUBERNETES_EXEC_INFO": json.dumps(info)}
        try:
            return await _output(self.command, self.args, env)
        except OSError as error:
            raise ConfigInvalid(
                f"cannot start the credential plugin {self.command}: {error.strerror}"
            ) from error


async def _output(command: str, args: tuple[str, ...], env: Mapping[str, str]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        command,
        *args,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(EXEC_TIMEOUT):
            printed, _ = await process.communicate()
    except TimeoutError as error:
        raise ClusterUnavailable(f"the credential plugin {command} does not end") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ClusterUnavailable(
            f"the credential plugin {command} failed with exit code {process.returncode}"
        )
    return printed
