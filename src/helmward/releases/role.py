"""The Helm Operator role, put together: what wakes a HelmRelease, and who works on it.

`app` builds one of these for each API generation and runs `watch` and `work`.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry

from helmward.apis import Generation
from helmward.charts import Charts
from helmward.engine import Engine
from helmward.kube import Kube
from helmward.kube.resources import SECRETS
from helmward.model import Declared, Key, ReleaseRef, Revision
from helmward.releases.act import Hands
from helmward.releases.loop import Loop
from helmward.releases.memory import Memory
from helmward.releases.names import Names
from helmward.releases.observe import Observer
from helmward.releases.report import Meters, Reporter
from helmward.releases.storage import LABELS, SELECTOR, Storage, decode_revision
from helmward.runtime.backoff import Backoff
from helmward.runtime.events import EventRecorder
from helmward.runtime.informer import EventType, Informer
from helmward.runtime.queue import KeyedQueue
from helmward.runtime.sessions import Sessions
from helmward.runtime.workers import Workers
from helmward.settings import ReleaseSettings

BY_SCOPE: Final = "scope"
BY_RELEASE: Final = "release"
RETRY_FROM: Final = 2.0
RETRY_UP_TO: Final = 300.0
SOONEST: Final = 0.3


@dataclass(frozen=True, slots=True)
class Parts:
    """What the role is built from; `app` owns them."""

    kube: Kube
    engine: Engine
    sessions: Sessions
    recorder: EventRecorder
    registry: CollectorRegistry
    settings: ReleaseSettings


class ReleaseRole:
    """Every HelmRelease of one generation, kept as a Helm release."""

    def __init__(self, generation: Generation, parts: Parts) -> None:
        self._generation = generation
        self._parts = parts
        self._queue: KeyedQueue[Key] = KeyedQueue()
        self._session = ""
        namespace = parts.settings.allow_namespace
        self.declared: Informer[Declared] = Informer(
            parts.kube, generation.resource, decode=generation.decode, namespace=namespace
        )
        self.revisions: Informer[Revision] = Informer(
            parts.kube,
            SECRETS,
            decode=decode_revision,
            namespace=namespace,
            label_selector=LABELS,
            field_selector=SELECTOR,
            metadata_only=True,
        )
        self._storage = Storage(self.revisions)
        self._meters = Meters(parts.registry, lambda: float(len(self._queue)))
        self._names = Names(self._claimants, self._owner_of, self._wake_claimants)
        self._reporter = Reporter(
            parts.kube,
            {generation.resource.api_version: generation},
            parts.recorder,
            self._meters,
        )
        self._index()
        self._loop = self._build_loop()

    @property
    def name(self) -> str:
        """The generation served: its group and version."""
        return self._generation.resource.api_version

    def is_synced(self) -> bool:
        """Tell whether everything that a turn reads is known."""
        return self.declared.synced.is_set() and self.revisions.synced.is_set()

    async def watch(self) -> None:
        """Follow the cluster until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.declared.run(), name="informer-helmreleases")
            group.create_task(self.revisions.run(), name="informer-revisions")

    async def work(self, session: str) -> None:
        """Give turns until cancelled, writing as the session whose Lease is held.

        If cancelled, actions under way end as `failed`.
        """
        self._session = session
        await self.revisions.synced.wait()
        await self.declared.synced.wait()
        for one in self.declared.store:
            self._queue.add(one.key)
        backoff: Backoff[Key] = Backoff(base=SOONEST, cap=30.0)
        count = self._parts.settings.workers
        # Deadlines stand with the calls: a turn has no other way to hang.
        workers = Workers(self._queue, self._loop.turn, count=count, deadline=None, backoff=backoff)
        await workers.run()

    def _index(self) -> None:
        store, scope = self.declared.store, self._generation.name_scopes
        store.add_index(BY_SCOPE, scope)
        store.add_index(BY_RELEASE, lambda one: (str(one.release),))
        self.declared.subscribe(self._changed)
        self._storage.on_news(self._written)
        self._parts.sessions.on_gone(self._wake_pending)

    def _build_loop(self) -> Loop:
        parts = self._parts
        observer = Observer(
            self._generation, self._storage, self._names, parts.sessions, lambda: self._session
        )
        return Loop(
            lookup=lambda key: self.declared.store.get(key.namespace, key.name),
            charts=Charts(parts.engine),
            observer=observer,
            hands=self._hands,
            reporter=self._reporter,
            memory=Memory(Backoff(base=RETRY_FROM, cap=RETRY_UP_TO)),
            later=self._queue.add_after,
            interval=parts.settings.charts_sync_interval,
        )

    def _hands(self) -> Hands:
        return Hands(
            engine=self._parts.engine,
            kube=self._parts.kube,
            generation=self._generation,
            storage=self._storage,
            sessions=self._parts.sessions,
            session=self._session,
        )

    def _changed(self, _: EventType, old: Declared | None, new: Declared | None) -> None:
        """Wake a resource when what it asks for changed; its own status is no news."""
        self._meters.releases.set(len(self.declared.store))
        if old and new and old.asks == new.asks:
            return
        if old and (new is None or new.uid != old.uid):
            self._reporter.forget(old)
        for one in (old, new):
            if one is not None:
                self._queue.add(one.key)
                return

    def _written(self, revision: Revision, removed: bool) -> None:
        """Wake whoever declares a release that somebody else wrote, or removed."""
        if removed or revision.session != self._session:
            self._wake_release(revision.release)

    def _claimants(self, name: str) -> list[Declared]:
        found = self.declared.store.by_index(BY_SCOPE, name)
        return [one for one in found if not one.deleting or self._owner_of(one) == one.key.owner]

    def _owner_of(self, declared: Declared) -> str:
        newest = self._storage.newest(declared.release)
        return newest.owner if newest else ""

    def _wake_claimants(self, name: str) -> None:
        for one in self.declared.store.by_index(BY_SCOPE, name):
            self._queue.add(one.key)

    def _wake_release(self, release: ReleaseRef) -> None:
        for one in self.declared.store.by_index(BY_RELEASE, str(release)):
            self._queue.add(one.key)

    def _wake_pending(self, session: str) -> None:
        for revision in self._storage.pending(session):
            self._wake_release(revision.release)
