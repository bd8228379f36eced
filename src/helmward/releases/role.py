"""The Helm Operator role, put together: what wakes a HelmRelease, and who works on it.

`app` builds one for all API generations and runs `watch` and `work`.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import inf
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from helmward.apis import GENERATIONS
from helmward.apis.generation import FINALIZER
from helmward.charts import Charts
from helmward.engine import Engine, WriterId
from helmward.kube import Kube
from helmward.kube.entries import Entries
from helmward.kube.resources import SECRETS
from helmward.model import Chart, Declared, DriftMode, Key, ReleaseRef, Revision
from helmward.redaction import REDACTOR
from helmward.releases.act import Hands
from helmward.releases.awake import Awake
from helmward.releases.beside import Actions
from helmward.releases.dependencies import Graph, steps
from helmward.releases.desire import desire
from helmward.releases.drift import Keeper
from helmward.releases.judging import Judges
from helmward.releases.kinds import Kinds
from helmward.releases.looks import Looks
from helmward.releases.loop import Loop
from helmward.releases.memory import Memory
from helmward.releases.names import Names
from helmward.releases.observe import Observer
from helmward.releases.order import Order
from helmward.releases.orphans import Orphans
from helmward.releases.others import Others
from helmward.releases.report import Meters, Reporter
from helmward.releases.rests import Rests
from helmward.releases.storage import LABELS, SELECTOR, Storage, decode_revision
from helmward.runtime.backoff import Backoff
from helmward.runtime.events import EventRecorder
from helmward.runtime.informer import Informer
from helmward.runtime.lease import Session
from helmward.runtime.queue import KeyedQueue
from helmward.runtime.references import References
from helmward.runtime.sessions import Sessions
from helmward.runtime.workers import Workers
from helmward.settings import ReleaseSettings
from helmward.sops import Decrypter, read_keys
from helmward.values import ReleaseSources

RETRY_FROM: Final = 2.0
RETRY_UP_TO: Final = 300.0
SOONEST: Final = 0.3
TOGETHER: Final = 0.1
"""Seconds after which what is changed together was seen to change: a dependent has to know."""

log = structlog.get_logger("helmward.releases")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the role is built from; `app` owns them."""

    kube: Kube
    engine: Engine
    sessions: Sessions
    recorder: EventRecorder
    registry: CollectorRegistry
    settings: ReleaseSettings
    charts: Charts


class ReleaseRole:
    """Every HelmRelease of every generation, kept as a Helm release."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._queue: KeyedQueue[Key] = KeyedQueue(spare=self._spare)
        self._session: Session | None = None
        self._kept_out: dict[str, set[Key]] = {}
        self._deleted: dict[Key, float] = {}
        """When it was heard that a HelmRelease is to go."""
        self._freed: dict[Key, str] = {}
        """The uids of those that are let go, until the watch tells of it."""
        namespace = parts.settings.allow_namespace
        self._orphans = Orphans()
        self.kinds = Kinds(parts.kube, GENERATIONS, namespace, self._saw_last)
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
        meters = Meters(parts.registry, lambda: float(len(self._queue)))
        self._meters = meters
        self._references: References[Key] = References(
            parts.kube, namespace=namespace, changed=self._source_changed
        )
        meters.references.set_function(lambda: float(len(self._references)))
        self._others = Others(parts.kube, self._queue.add)
        self._reporter = Reporter(
            parts.kube,
            self.kinds.generations,
            parts.recorder,
            meters,
            mask=REDACTOR.mask,
            alive=self._may_write,
        )
        graph = Graph(self.kinds.named, self.kinds.depending, self._reporter.told)
        self._order = Order(graph, self._queue.add, self._others.let_go)
        self._reporter.subscribe(self._order.reported)
        self._judges = Judges(
            parts.engine, parts.kube, self._others, self.kinds.named, self.kinds.generation
        )
        self._actions = Actions(parts.engine, self._reporter, self.kinds.get)
        self._awake = Awake(
            parts.kube,
            self._storage,
            namespace=namespace,
            wake=self._wake_release,
            watched=self._is_watched,
            registry=parts.registry,
        )
        self.kinds.subscribe(self._changed)
        self._storage.on_news(self._written)
        parts.sessions.on_gone(self._wake_pending)
        parts.charts.on_news(self._source_changed)
        self._loop = self._build_loop()

    def is_synced(self) -> bool:
        """Tell whether everything that a turn reads is known."""
        return self.kinds.synced and self.revisions.synced.is_set()

    async def watch(self) -> None:
        """Follow the cluster until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.kinds.run(), name="kinds")
            group.create_task(self.revisions.run(), name="informer-revisions")
            group.create_task(self._references.run(), name="references")
            group.create_task(self._others.run(), name="others")
            group.create_task(self._awake.run(), name="drift")

    async def work(self, session: Session) -> None:
        """Give turns until cancelled, writing as the session whose Lease is held.

        If cancelled, actions under way end as `failed`.
        """
        self._session = session
        await self.revisions.synced.wait()
        await self.kinds.wait()
        for one in self.kinds:
            self._queue.add(one.key)
        self._take_orphans()
        backoff: Backoff[Key] = Backoff(base=SOONEST, cap=30.0)
        count = self._parts.settings.workers
        # Deadlines stand with the calls: a turn has no other way to hang.
        workers = Workers(self._queue, self._loop.turn, count=count, deadline=None, backoff=backoff)
        await workers.run()

    def _writer(self) -> WriterId:
        """Return in whose name the engine writes, and for how long yet."""
        if self._session is None:
            return WriterId()
        valid = timedelta(seconds=max(0.001, self._session.remaining))
        return WriterId(self._session.name, valid=valid)

    def _may_write(self) -> bool:
        """Tell whether the session that works here still holds its Lease."""
        return self._session is not None and self._session.alive

    def _spare(self, key: Key) -> float | None:
        """Return for how long a HelmRelease whose check is due needs no turn yet."""
        return self._loop.spare(key)

    def refresh(self) -> None:
        """Look at every HelmRelease now, and ask every source anew."""
        self._parts.charts.refresh()
        for one in self.kinds:
            self._loop.ask_sources(one.key)
            self._queue.add(one.key)

    def _build_loop(self) -> Loop:
        parts = self._parts
        names = Names(self._claimants, self._owner_of, self.kinds.scopes, self._wake_claimants)
        observer = Observer(
            storage=self._storage,
            names=names,
            scopes=self.kinds.scopes,
            kind_is_going=self.kinds.going,
            sessions=parts.sessions,
            me=lambda: self._writer().session,
        )
        return Loop(
            lookup=self._lookup,
            desire=partial(
                desire,
                charts=parts.charts,
                entries=self._references.entries,
                sources=_sources(parts),
                defaults=parts.settings.charts.defaults,
                drift=parts.settings.drift,
            ),
            observer=observer,
            order=self._order,
            hands=self._hands,
            reporter=self._reporter,
            actions=self._actions,
            memory=Memory(Backoff(base=RETRY_FROM, cap=RETRY_UP_TO)),
            looks=Looks(
                Keeper(self._awake, interval=parts.settings.charts_sync_interval),
                self._hands,
                self._reporter,
                parts.settings.drift,
            ),
            later=self._queue.add_after,
            let_go=self._let_go,
            interval=parts.settings.charts_sync_interval,
            references=self._references,
            rests=Rests(parts.charts.known, self._references.current),
            evicted=parts.charts.forget_answers,
        )

    def _hands(self, key: Key) -> Hands:
        return Hands(
            engine=self._parts.engine,
            kube=self._parts.kube,
            generation=self.kinds.generation(key),
            storage=self._storage,
            sessions=self._parts.sessions,
            writer=self._writer(),
            kind_stays=partial(self.kinds.stays, key, self._deleted.get(key, inf)),
            exists=partial(self._exists, key),
            judges=self._judges,
            log_diffs=self._parts.settings.log_release_diffs,
            antecedents=tuple(one.antecedent for one in GENERATIONS),
        )

    def _exists(self, key: Key, antecedent: str) -> bool:
        """Tell whether there is a HelmRelease; `key` is kept out by it, and woken when it goes."""
        there = self.kinds.exists(antecedent)
        if there:
            self._kept_out.setdefault(antecedent, set()).add(key)
        return there

    def _changed(self, old: Declared | None, new: Declared | None) -> None:
        """Wake a resource when what it asks for changed; its own status is no news."""
        self._meters.releases.set(len(self.kinds))
        self._order.changed(old, new)
        self._note_deletion(old, new)
        if old and new and old.asks == new.asks:
            return
        self._reconsider(old, new)
        if new is not None:
            self._orphans.let_go(new.key)
        if old and (new is None or new.uid != old.uid):
            self._reporter.forget(old)
            if new is None:
                REDACTOR.forget(old.key.owner)
                self._parts.charts.forget(old.key)
        if old and new is None:
            for kept_out in self._kept_out.pop(old.antecedent[1], ()):
                self._queue.add(kept_out)
        if new is not None:
            self._actions.hear(new)
        for one in (old, new):
            if one is not None:
                self._queue.add_after(one.key, _moment(new))
                return

    def _reconsider(self, *declared: Declared | None) -> None:
        """Let it be seen anew whether the objects of their releases are watched."""
        for release in {one.release for one in declared if one is not None}:
            self._awake.reconsider(release)

    def _is_watched(self, release: ReleaseRef) -> bool:
        """Tell whether anybody wants to know that objects of a release are changed."""
        default = self._parts.settings.drift
        return any(
            (one.drift.mode or default) is not DriftMode.DISABLED
            and not one.deleting
            and not one.commands.suspend
            for one in self.kinds.by_release(release)
        )

    def _note_deletion(self, old: Declared | None, new: Declared | None) -> None:
        """Note when a HelmRelease was first seen to go, until it is gone."""
        if new is not None and new.deleting:
            if not (old and old.deleting and old.uid == new.uid):
                self._deleted[new.key] = time.monotonic()
        elif old is not None:
            self._deleted.pop(old.key, None)
            self._freed.pop(old.key, None)

    def _source_changed(self, key: Key) -> None:
        """Look at a HelmRelease that refers to what has changed."""
        self._loop.source_changed(key)
        self._queue.add(key)

    def _written(self, revision: Revision, removed: bool) -> None:
        """Wake whoever declares a release that somebody else wrote, or removed.

        What has our session's name on it is ours only while we write; what we write
        last into a revision that a newer one has followed may be seen a little later.
        """
        if removed or revision.session != self._writer().session or self._is_touched(revision):
            self._wake_release(revision.release)

    def _is_touched(self, revision: Revision) -> bool:
        """Tell whether somebody changed a revision of ours that is the newest."""
        newest, declared = self._storage.newest(revision.release), self.kinds.by_release
        acting = any(self._actions.busy(one.key) for one in declared(revision.release))
        return not acting and (newest is None or newest.number == revision.number)

    def _claimants(self, name: str) -> list[Declared]:
        found = self.kinds.by_scope(name)
        return [one for one in found if not one.deleting or self._owner_of(one) == one.key.owner]

    def _owner_of(self, declared: Declared) -> str:
        newest = self._storage.newest(declared.release)
        return newest.owner if newest else ""

    def _wake_claimants(self, name: str) -> None:
        for one in self.kinds.by_scope(name):
            self._queue.add(one.key)

    def _wake_release(self, release: ReleaseRef) -> None:
        for one in self.kinds.by_release(release):
            self._queue.add(one.key)

    def _lookup(self, key: Key) -> Declared | None:
        """Return a HelmRelease, also one that is gone and whose release is not.

        Of one that is let go, and of which the watch has not told that yet,
        nothing is left to be done.
        """
        found = self.kinds.get(key)
        if found and self._freed.get(key) == found.uid and FINALIZER in found.finalizers:
            return None
        return found or self._orphans.get(key)

    def _saw_last(self, declared: Declared) -> None:
        """Keep a HelmRelease that went without being let go until its release is gone."""
        if self._orphans.saw_last(declared):
            log.warning("deleted while its finalizer was put on", resource=str(declared.key))

    def _take_orphans(self) -> None:
        """Go on with the orphans of those who ended."""
        for key in self._orphans.read_off(self._storage.orphans()):
            self._queue.add(key)

    def _let_go(self, key: Key) -> None:
        self._orphans.let_go(key)
        if one := self.kinds.get(key):
            self._freed[key] = one.uid
        else:
            REDACTOR.forget(key.owner)

    def _wake_pending(self, session: str) -> None:
        self._take_orphans()
        for revision in self._storage.pending(session):
            self._wake_release(revision.release)


def _moment(changed: Declared | None) -> float:
    """Return after how many seconds to look at what has changed."""
    depends = changed is not None and not changed.deleting and steps(changed)
    return TOGETHER if depends else 0.0


def _sources(parts: Parts) -> Callable[..., ReleaseSources]:
    """Return what makes the sources of one HelmRelease; keys are read once, here.

    Raises:
        ConfigInvalid: a file with keys cannot be read.
    """
    charts = parts.settings.charts
    decrypter = Decrypter(read_keys(charts.age_keys, charts.pgp_keys))

    def of(entries: Entries, chart: Chart, *, fresh: timedelta) -> ReleaseSources:
        return ReleaseSources(
            entries, parts.engine, chart, fresh=fresh, allowed=charts.allowed, decrypter=decrypter
        )

    return of
