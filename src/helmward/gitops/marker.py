"""Notes down where others look it up which commit is in force: a tag, or a Secret.

Called by `loop` after a sync. Our own record in the cluster is what counts;
a marker tells people and other programs, and says where to go on when there is
no record yet. A marker that cannot be written stops no sync.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from helmward.errors import ConfigInvalid, Conflict, HelmwardError, NotFound, SourceUnavailable
from helmward.git.aside import Door
from helmward.git.remote import is_name
from helmward.git.writing import Annotation, Tags, tagger
from helmward.gitops.keys import read_keys
from helmward.kube import Kube
from helmward.kube.resources import SECRETS
from helmward.settings import StateSettings

MESSAGE: Final = "Sync pointer"
ANNOTATION: Final = "flux.weave.works/sync-hwm"
WRITE_CHECK: Final = "flux-write-check-"

log = structlog.get_logger("helmward.gitops.marker")


class Marker(Protocol):
    """Where the place in history is noted down."""

    async def read(self) -> str:
        """Return the commit that is noted down; empty where none is.

        Raises:
            HelmwardError: it cannot be read now.
        """

    async def move(self, commit: str) -> None:
        """Note down another commit; the same one again costs nothing.

        Raises:
            HelmwardError: it cannot be written now.
        """

    async def check(self) -> None:
        """See whether we may write.

        Raises:
            HelmwardError: we may not; the message says what mends it.
        """


class Signer(Protocol):
    """Who signs what we write: the engine."""

    async def sign(self, payload: bytes, private_key: bytes, key_id: str = "") -> bytes:
        """Return an armoured signature.

        Raises:
            ConfigInvalid: the key cannot sign, or is not of that name.
        """


def make_marker(  # noqa: PLR0913 - where to write, and as whom, is named here, once
    state: StateSettings,
    door: Door,
    folder: Path,
    *,
    kube: Kube,
    namespace: str,
    secret: str,
    signer: Signer,
) -> Marker:
    """Return the marker that the settings ask for; read-only, a tag becomes the Secret.

    `secret` is that of the deploy key, in our own namespace.

    Raises:
        ConfigInvalid: the tag has a name that git would not take.
    """
    if state.mode == "cluster":
        return NoMarker()
    if state.mode == "secret" or state.readonly:
        return SecretMarker(kube, namespace, secret)
    if not is_name(state.tag):
        raise ConfigInvalid(f"--git-sync-tag {state.tag!r} is no name of a tag")
    return TagMarker(Tags(door, folder), state, signer, str(door.remote))


class NoMarker:
    """Our own record is enough."""

    async def read(self) -> str:
        """Know of none."""
        return ""

    async def move(self, commit: str) -> None:
        """Note nothing down."""

    async def check(self) -> None:
        """Need nothing."""


class SecretMarker:
    """An annotation on the Secret of the deploy key, which is made where there is none."""

    def __init__(self, kube: Kube, namespace: str, name: str) -> None:
        self._kube, self._namespace, self._name = kube, namespace, name
        self._noted = ""

    async def read(self) -> str:
        """Return what the annotation says; see `Marker`."""
        try:
            found = await self._kube.get(SECRETS, self._name, self._namespace, metadata_only=True)
        except NotFound:
            return ""
        self._noted = str((found["metadata"].get("annotations") or {}).get(ANNOTATION, ""))
        return self._noted

    async def move(self, commit: str) -> None:
        """Change that annotation alone; see `Marker`."""
        if commit == self._noted:
            return
        try:
            await self._patch({"metadata": {"annotations": {ANNOTATION: commit}}})
        except NotFound:
            await self._create(commit)
        self._noted = commit

    async def check(self) -> None:
        """Change nothing, which needs the same right; see `Marker`."""
        with suppress(NotFound):
            await self._patch({})

    async def _patch(self, patch: dict[str, Any]) -> None:
        await self._kube.patch(SECRETS, self._name, self._namespace, patch, metadata_only=True)

    async def _create(self, commit: str) -> None:
        metadata = {"name": self._name, "annotations": {ANNOTATION: commit}}
        try:
            await self._kube.create(SECRETS, {"metadata": metadata}, self._namespace)
        except Conflict:
            await self._patch({"metadata": {"annotations": {ANNOTATION: commit}}})


class TagMarker:
    """An annotated tag, moved by force, as Flux v1 did."""

    def __init__(
        self,
        tags: Tags,
        state: StateSettings,
        signer: Signer,
        remote: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tags, self._state, self._signer = tags, state, signer
        self._remote = remote
        self._clock = clock
        self._noted = ""
        self._warned = False

    async def read(self) -> str:
        """Return the commit that the tag stands for; see `Marker`."""
        self._noted = await self._tags.commit_of(self._state.tag)
        return self._noted

    async def move(self, commit: str) -> None:
        """Push the tag, if it stands for another commit; see `Marker`."""
        if commit == self._noted:
            return
        found = await self._tags.commit_of(self._state.tag)
        self._warn_once(found)
        if found != commit:
            await self._push(commit)
        self._noted = commit

    async def check(self) -> None:
        """Push a tag of no meaning and take it away again; see `Marker`."""
        name = WRITE_CHECK + secrets.token_hex(5)
        commit = await self._tags.tip()
        if not commit:
            return  # nothing is there yet that could be tagged
        try:
            await self._tags.put(name, commit)
            await self._tags.delete(name)
        except SourceUnavailable as error:
            raise self._unwritable(error) from error

    async def _push(self, commit: str) -> None:
        text = await self._text(commit)
        try:
            await self._tags.put(self._state.tag, commit, text)
        except SourceUnavailable as error:
            raise self._unwritable(error) from error

    async def _text(self, commit: str) -> bytes:
        state = self._state
        who = tagger(state.user, state.email)
        text = Annotation(state.tag, MESSAGE, who, int(self._clock())).text(commit)
        return text + (await self._signature(text) if state.signing_key else b"")

    async def _signature(self, text: bytes) -> bytes:
        """Sign with the one key among all files that has the name."""
        named, why = self._state.signing_key, "it names no file"
        for key in await read_keys(self._state.private_keys, "--git-gpg-key-import"):
            try:
                return await self._signer.sign(text, key, named)
            except ConfigInvalid as error:
                why = str(error)
        raise ConfigInvalid(
            f"--git-signing-key {named}: no key of --git-gpg-key-import signs for it ({why})"
        )

    def _warn_once(self, found: str) -> None:
        if not self._noted or found == self._noted or self._warned:
            return
        self._warned = True
        log.warning(
            "the sync tag was moved by somebody else: does another daemon use the same?"
            " (--git-sync-tag)",
            tag=self._state.tag,
            repository=self._remote,
            expected=self._noted,
            found=found,
        )

    def _unwritable(self, error: HelmwardError) -> SourceUnavailable:
        return SourceUnavailable(
            f"the tag {self._state.tag} cannot be pushed: give the deploy key or login the right"
            f" to write, or say --git-readonly or --sync-state=cluster ({error})"
        )
