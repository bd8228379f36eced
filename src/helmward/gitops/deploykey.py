"""As whom a repository is asked: a login from a Secret, a file, or the deploy key.

Called by `app`, which hands the result to `source`, and by `helmward identity`.
The login is found anew for each request: a Secret that was changed counts.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from helmward.errors import (
    AccessDenied,
    ConfigInvalid,
    Conflict,
    HelmwardError,
    NotFound,
    SourceUnavailable,
    SpecInvalid,
)
from helmward.git.keygen import new_key, public_key
from helmward.git.login import NOBODY, GitLogin, check_login, read_login
from helmward.git.remote import read_remote
from helmward.git.ssh import read_key
from helmward.kube import Kube
from helmward.kube.entries import entries_of
from helmward.kube.resources import SECRETS
from helmward.settings import DeployKeySettings, RepositorySettings

Login = Callable[[], Awaitable[GitLogin]]

TRIES: Final = 5
"""How often a Secret is written anew that others write at the same time."""

log = structlog.get_logger("helmward.gitops.deploykey")


class DeployKey:
    """The SSH key in a Secret of our own namespace, as Flux v1 kept it."""

    def __init__(self, kube: Kube, namespace: str, settings: DeployKeySettings) -> None:
        self._kube, self._namespace, self._settings = kube, namespace, settings

    def __str__(self) -> str:
        return f"Secret {self._namespace}/{self._settings.secret}"

    async def private(self) -> bytes:
        """Return the private key; empty where there is none.

        Raises:
            AccessDenied, ClusterUnavailable: it is not known whether there is one.
        """
        return (await self.entries()).get(self._settings.entry, b"")

    async def entries(self) -> Mapping[str, bytes]:
        """Return all that the Secret holds; see `private`."""
        return entries_of(SECRETS, await self._found())

    async def made(self) -> bytes:
        """Return the key; where there is none, a new one is made and kept.

        If two make one at the same time, both return the one that was kept.

        Raises:
            AccessDenied, ClusterUnavailable: it cannot be read or kept.
            ConfigInvalid: no such key can be made.
        """
        return await self.private() or await self._keep(anew=False)

    async def replaced(self) -> bytes:
        """Make a new key, whatever there was; see `made`."""
        return await self._keep(anew=True)

    async def _keep(self, *, anew: bool) -> bytes:
        key = await new_key(self._settings.kind, self._settings.bits)
        for _ in range(TRIES):
            found = await self._found()
            if not anew and (kept := entries_of(SECRETS, found).get(self._settings.entry)):
                return kept
            try:
                await self._write(found, key)
            except (Conflict, NotFound):
                continue  # somebody else wrote, or deleted it: look again
            return key
        raise Conflict(f"{self} was written by others all the time: it is tried again")

    async def _found(self) -> Mapping[str, Any]:
        try:
            return await self._kube.get(SECRETS, self._settings.secret, self._namespace)
        except NotFound:
            return {}

    async def _write(self, found: Mapping[str, Any], key: bytes) -> None:
        data = {self._settings.entry: base64.b64encode(key).decode()}
        if not found:
            secret = {"metadata": {"name": self._settings.secret}, "data": data}
            await self._kube.create(SECRETS, secret, self._namespace)
            return
        version = {"resourceVersion": found["metadata"]["resourceVersion"]}
        patch = {"metadata": version, "data": data}
        name = self._settings.secret
        await self._kube.patch(SECRETS, name, self._namespace, patch, metadata_only=True)


def make_login(
    kube: Kube, namespace: str, settings: RepositorySettings, deploy_key: DeployKeySettings
) -> Login:
    """Return what finds the login of a repository; `namespace` is our own.

    The Secret that the settings name; else, over SSH, the file of
    `--git-ssh-key`, a key that is mounted, that of the deploy key's Secret, or
    a new one. Over HTTP no key is ever made. It raises SourceUnavailable.

    Raises:
        ConfigInvalid: the address is none.
    """
    remote = read_remote(settings.url)
    if settings.secret:
        given = _GivenSecret(kube, namespace, settings.secret, settings.url)
        return given.login
    if remote.scheme == "ssh":
        return _Key(DeployKey(kube, namespace, deploy_key), settings, deploy_key).login
    return _nobody


async def _nobody() -> GitLogin:
    return NOBODY


class _GivenSecret:
    """A Secret with entries as Flux 2 names them."""

    def __init__(self, kube: Kube, namespace: str, name: str, url: str) -> None:
        self._kube, self._namespace, self._name = kube, namespace, name
        self._remote = read_remote(url)

    async def login(self) -> GitLogin:
        said = f"the login of {self._remote} (Secret {self._namespace}/{self._name})"
        try:
            found = await self._kube.get(SECRETS, self._name, self._namespace)
            login = read_login(entries_of(SECRETS, found), said)
            check_login(login, self._remote, said)
        except SpecInvalid as error:
            raise SourceUnavailable(str(error)) from error
        except HelmwardError as error:
            raise SourceUnavailable(f"{said}: {error}") from error
        return login


class _Key:
    """The key of an SSH remote, wherever it is; the public part is told once."""

    def __init__(
        self, secret: DeployKey, settings: RepositorySettings, deploy_key: DeployKeySettings
    ) -> None:
        self._secret = secret
        self._file = settings.ssh_key
        self._known_hosts = settings.known_hosts
        self._mounted = deploy_key.mount / deploy_key.entry
        self._entry, self._may_make = deploy_key.entry, deploy_key.generate
        self._told = b""

    async def login(self) -> GitLogin:
        if self._file is not None:
            return GitLogin(identity=_read(self._file, "--git-ssh-key"))
        if self._mounted.is_file():
            return await self._as(_read(self._mounted, "the deploy key"), str(self._mounted))
        try:
            found = await self._secret.entries()
            key = found.get(self._entry, b"")
            if not key and self._may_make:
                key = await self._secret.made()
        except AccessDenied as error:
            if not self._may_make:
                return NOBODY
            raise SourceUnavailable(
                f"the deploy key cannot be had: {error}; or give --git-ssh-key"
            ) from error
        except HelmwardError as error:
            raise SourceUnavailable(
                f"the deploy key cannot be had: {error}; or give --git-ssh-key"
            ) from error
        hosts = b"" if self._known_hosts else found.get("known_hosts", b"")
        return await self._as(key, str(self._secret), hosts)

    async def _as(self, key: bytes, where: str, hosts: bytes = b"") -> GitLogin:
        """Return the login of a key, of which people hear when it is another one."""
        if key and key != self._told:
            self._told = key
            await _tell(key, where)
        return GitLogin(identity=key, known_hosts=hosts)


async def _tell(key: bytes, where: str) -> None:
    try:
        public = await public_key(key)
    except ConfigInvalid as error:
        log.warning("the deploy key cannot be used", why=str(error), key=where)
        return
    log.info("deploy key: the git host has to know it", public_key=public, key=where)


def _read(path: Path, said: str) -> bytes:
    try:
        return read_key(path, said)
    except OSError as error:
        raise SourceUnavailable(str(error.strerror)) from error
