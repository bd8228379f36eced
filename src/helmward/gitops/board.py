"""The GitSync of a repository: what people see of a sync, and what they ask of it.

Owned by `app`'s task group, fed by `loop`. Writes what changed and nothing
else, at most once in a while, and never in the way of a sync. Where the kind is
not installed nothing is written, and wishes are read from the annotations of
the ConfigMap that holds the record.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog

from helmward.apis.gitsync import RESOURCE, GitSyncCondition, GitSyncStatus, Wishes, wishes_of
from helmward.errors import HelmwardError, NotFound
from helmward.gitops.definition import Definition
from helmward.gitops.report import SyncReport
from helmward.gitops.standing import spec_of, status_of
from helmward.kube import Kube, PartialObject, decode_partial
from helmward.kube.resources import CONFIG_MAPS, Resource
from helmward.logs import redacted
from helmward.runtime.backoff import Backoff
from helmward.runtime.beside import beside
from helmward.runtime.events import Regarding
from helmward.runtime.informer import EventType, Informer
from helmward.settings import RepositorySettings

PAUSE: Final = 1.0
"""Seconds between two writes at least."""
LOOK_AGAIN: Final = 60.0
"""Seconds after which a kind is looked for that was not there."""
LAST_WORDS: Final = 2.0
NAMES: Final = frozenset(("type", "status", "reason", "sha", "token", "shortCommit"))
"""Fields of a status that hold no text of others."""

log = structlog.get_logger(__name__)


def record_name(repository: str) -> str:
    """Return the name of the ConfigMap that keeps a repository's record."""
    return f"helmward-sync-{repository}"


class Board:
    """One repository's GitSync; `wishes` are what people ask now, `changed` when they ask anew.

    `heard` is set once it is known what they ask: before that a sync that is
    suspended would not know it. `namespace` is the operator's own.

    Raises:
        ConfigInvalid: the address of the repository is none.
    """

    def __init__(  # noqa: PLR0913  # two of them are for tests
        self,
        kube: Kube,
        namespace: str,
        settings: RepositorySettings,
        definition: Definition,
        *,
        pause: float = PAUSE,
        look_again: float = LOOK_AGAIN,
    ) -> None:
        self.wishes = Wishes()
        self.changed = asyncio.Event()
        self.heard = asyncio.Event()
        self._kube = kube
        self._namespace = namespace
        self._name = settings.name
        self._spec = msgspec.to_builtins(spec_of(settings))
        self._definition = definition
        self._pause = pause
        self._look_again = look_again
        self._report: SyncReport | None = None
        self._news = asyncio.Event()
        self._backoff: Backoff[str] = Backoff(base=0.2, cap=30.0)
        self._generation = 0
        self._forget()

    @property
    def regarding(self) -> Regarding:
        """Return the object that events about this repository are about."""
        kind = RESOURCE if self._definition.served else CONFIG_MAPS
        name = self._name if self._definition.served else record_name(self._name)
        return Regarding(kind.api_version, kind.kind, self._namespace, name, self._uid)

    def publish(self, report: SyncReport) -> None:
        """Show how things stand; returns at once and never fails."""
        self._report = report
        self._news.set()

    async def run(self) -> None:
        """Write and listen until cancelled, then write what is left, for a moment."""
        try:
            while True:
                self._forget()
                try:
                    await (self._serve() if await self._definition.look() else self._do_without())
                except HelmwardError as error:
                    log.warning("board not served", repository=self._name, error=str(error))
                    await asyncio.sleep(self._backoff.next(""))
        finally:
            await self._last_words()

    async def _serve(self) -> None:
        """Keep the GitSync until its kind is gone."""
        self._news.set()  # so that it is there to be annotated before anything is told
        async with beside(self._listen(RESOURCE, self._name)):
            while True:
                await self._news.wait()
                self._news.clear()
                await self._write()
                self._backoff.reset("")
                await asyncio.sleep(self._pause)

    async def _do_without(self) -> None:
        """Listen to the ConfigMap, until it is time to look for the kind again."""
        async with beside(self._listen(CONFIG_MAPS, record_name(self._name))):
            await asyncio.sleep(self._look_again)

    async def _listen(self, resource: Resource, name: str) -> None:
        informer: Informer[PartialObject] = Informer(
            self._kube,
            resource,
            decode=decode_partial,
            namespace=self._namespace,
            field_selector=f"metadata.name={name}",
            metadata_only=True,
        )
        informer.subscribe(self._heard)
        async with beside(informer.run()):
            await informer.synced.wait()
            self.heard.set()
            await asyncio.Event().wait()

    def _heard(self, _: EventType, old: PartialObject | None, new: PartialObject | None) -> None:
        """Take over what people ask; an object that is gone asks for nothing, and comes back."""
        del old
        wishes = wishes_of(new.metadata.annotations if new else {})
        if new is None:
            self._forget()
        elif new.metadata.generation > self._generation:
            self._uid = ""  # somebody else has written the spec: it is declared anew
        if wishes != self.wishes:
            self.wishes = wishes
            self.changed.set()
        if not self._uid or (wishes.suspended, wishes.problem) != self._told:
            self._news.set()

    def _forget(self) -> None:
        """Know nothing of what the cluster has."""
        self._uid = ""
        self._generation = 0
        self._conditions: tuple[GitSyncCondition, ...] = ()
        self._written: GitSyncStatus | None = None
        self._told: tuple[bool, str] = (False, "")

    async def _write(self) -> None:
        """Write what is new; on failure it is news again."""
        try:
            await self._write_once()
        except NotFound:
            self._news.set()
            uid, self._uid = self._uid, ""
            if not uid:
                self._definition.forget()
                raise
        except BaseException:
            # A stop as well: what may not have arrived is written as the last words.
            self._news.set()
            raise

    async def _write_once(self) -> None:
        if not self._uid:
            await self._declare()
        if self._report is None:
            return
        now, wishes = datetime.now(UTC), self.wishes
        status = status_of(self._report, wishes, self._generation, self._conditions, now)
        if status == self._written:
            return
        document = _clean(msgspec.to_builtins(status))
        await self._kube.replace_status(RESOURCE, self._name, self._namespace, document)
        self._written, self._conditions = status, status.conditions
        self._told = (wishes.suspended, wishes.problem)

    async def _declare(self) -> None:
        """Create the GitSync, or make its spec what the operator was told."""
        metadata = {"name": self._name, "namespace": self._namespace}
        body: dict[str, Any] = {
            "apiVersion": RESOURCE.api_version,
            "kind": RESOURCE.kind,
            "metadata": metadata | {"labels": {"app.kubernetes.io/managed-by": "helmward"}},
            "spec": self._spec,
        }
        found = await self._kube.apply(body, resource=RESOURCE)
        self._generation = found["metadata"].get("generation", 0)
        with suppress(msgspec.ValidationError):
            status = msgspec.convert(found.get("status") or {}, GitSyncStatus)
            self._written, self._conditions = status, status.conditions
        self._uid = found["metadata"]["uid"]

    async def _last_words(self) -> None:
        if not (self._news.is_set() and self._uid):
            return
        with suppress(HelmwardError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._write_once()


def _clean(value: Any, name: str = "", mask: Callable[[str], str] = redacted) -> Any:
    """Return a document with everything secret in its texts masked."""
    if isinstance(value, dict):
        return {key: _clean(one, key, mask) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one, name, mask) for one in value]
    return mask(value) if isinstance(value, str) and name not in NAMES else value
