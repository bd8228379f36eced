"""When to look at git, when to apply and what to remove: the task of one repository.

Owned by `role`'s task group. The other modules of this room do the work; here
are the clock, what is in force and what went wrong. Only the daemon that holds
the repository's Lease runs turns.
"""

import asyncio
import math
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from helmward.apis.gitsync import Wishes
from helmward.errors import (
    Conflict,
    HelmwardError,
    SignatureMissing,
    SourceUnavailable,
    TransientError,
)
from helmward.gitops.account import changed_items, foreseen, paths_report, slices, stale
from helmward.gitops.apply import Applier, Outcome
from helmward.gitops.build import ObjectId
from helmward.gitops.claims import Claims
from helmward.gitops.cluster import Cluster, known_kinds
from helmward.gitops.facts import Facts
from helmward.gitops.inventory import Inventory, Record
from helmward.gitops.live import look
from helmward.gitops.marker import Marker
from helmward.gitops.marks import mark_of
from helmward.gitops.paths import Build, Paths
from helmward.gitops.plan import Plan, Terms
from helmward.gitops.prune import Removal, is_on, orphans, removals, worth_a_look
from helmward.gitops.record import Records
from helmward.gitops.rehearsal import Rehearsal
from helmward.gitops.remove import Removed, Remover
from helmward.gitops.report import SHOWN, Brake, Refusal, Reporter, SyncReport
from helmward.gitops.snapshot import Head, Snapshot
from helmward.gitops.source import GitSource
from helmward.gitops.union import Union, union
from helmward.gitops.verify import Verdict
from helmward.runtime.backoff import Backoff
from helmward.settings import RepositorySettings

RETRY_CAP: Final = 60.0
"""The longest pause in seconds before what failed is tried again."""
MOST_SOURCES: Final = 10
"""How many earlier sources of marks are remembered."""


class Verifies(Protocol):
    """Says up to which commit git may be applied: `verify.Verifier`."""

    async def newest(self, head: Head, since: str = "") -> Verdict:
        """Return the newest commit up to `head` that may be applied."""


class Wishing(Protocol):
    """Where people say what they want: `board.Board`."""

    wishes: Wishes
    changed: asyncio.Event


@dataclass(frozen=True)
class Parts:
    """Who does what for one repository."""

    cluster: Cluster
    source: GitSource
    builder: Build
    verifier: Verifies
    marker: Marker
    applier: Applier
    records: Records
    remover: Remover
    reporter: Reporter
    board: Wishing
    claims: Claims
    terms: Terms


@dataclass
class _Due:
    """When to do what, on the loop's clock."""

    poll: float = 0.0
    sync: float = math.inf
    retry: float = math.inf


@dataclass
class _Troubles:
    """What is wrong now, the most telling first."""

    signature: HelmwardError | None = None
    remote: HelmwardError | None = None
    cluster: HelmwardError | None = None
    removal: HelmwardError | None = None
    marker: HelmwardError | None = None

    @property
    def worst(self) -> HelmwardError | None:
        return self.signature or self.remote or self.cluster or self.removal or self.marker


@dataclass(frozen=True)
class _Work:
    """What one sync has done."""

    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    outcome: Outcome = field(default_factory=Outcome)
    removal: Removal = field(default_factory=Removal)
    removed: Removed = field(default_factory=Removed)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        return (*self.rehearsal.refused, *self.outcome.refused)

    def after(self, rehearsal: Rehearsal, outcome: Outcome) -> "_Work":
        """Return this work and some more."""
        said, done = self.rehearsal, self.outcome
        return replace(
            self,
            rehearsal=Rehearsal(
                (*said.changes, *rehearsal.changes), (*said.refused, *rehearsal.refused)
            ),
            outcome=Outcome(
                (*done.applied, *outcome.applied),
                (*done.refused, *outcome.refused),
                (*done.skipped, *outcome.skipped),
            ),
        )


class GitSync:
    """Keeps the cluster as the newest good commit of one repository asks.

    A path whose newest commit cannot be read whole keeps its last good one,
    also while the remote is down. Objects that the API server refuses are tried
    again with a back-off. What git no longer has is removed only where that is
    switched on, and never because something could not be read.
    """

    def __init__(
        self,
        settings: RepositorySettings,
        parts: Parts,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.report = SyncReport()
        self.settings = settings
        self._parts = parts
        self._paths = Paths(settings.paths, parts.builder)
        self._clock = clock
        self._backoff: Backoff[str] = Backoff(cap=RETRY_CAP)
        self._turns = asyncio.Lock()
        self.begin()

    def begin(self) -> None:
        """Know nothing: somebody else may have worked since."""
        self._record: Record | None = None
        self._due = _Due()
        self._troubles = _Troubles()
        self._found = self._seen = ""
        self._snapshot: Snapshot | None = None
        self._new = False
        self._union = Union(Plan())
        self._handled = ""

    async def run(self) -> None:
        """Sync until cancelled.

        Raises:
            ConfigInvalid: the program git is missing.
        """
        while True:
            self._parts.board.changed.clear()
            async with self._turns:
                await self._turn()
            await self._pause()

    async def sync_now(self) -> SyncReport:
        """Look at git and at every object at once, whatever the intervals say."""
        async with self._turns:
            self._due.poll = self._due.sync = 0.0
            await self._turn()
            self._parts.board.changed.set()
            return self.report

    def look(self) -> None:
        """Look at git soon: somebody has pushed."""
        self._due.poll = 0.0
        self._parts.board.changed.set()

    async def _turn(self) -> None:
        """Do all that is due, then say how things stand."""
        if self._heed():
            try:
                await self._work()
            except Conflict as error:
                # Somebody else wrote the record: what we know is outdated.
                self._failed(error)
                self._record = None
            except HelmwardError as error:
                self._failed(error)
        self._publish()

    def _heed(self) -> bool:
        """Take over what people ask; tell whether to work at all."""
        wishes = self._parts.board.wishes
        if wishes.requested not in {"", self._handled}:
            self._due.poll = self._due.sync = 0.0
            self._handled = wishes.requested
        if self.report.braked and wishes.approved == self.report.braked.token:
            self._due.sync = 0.0
        self.report = replace(self.report, suspended=wishes.suspended, handled=self._handled)
        return not wishes.suspended

    async def _work(self) -> None:
        await self._recall()
        if self._clock() >= self._due.poll:
            await self._poll()
        if self._new or self._clock() >= self._due.sync:
            await self._sync()
        elif self._clock() >= self._due.retry:
            await self._retry()

    async def _recall(self) -> None:
        """Read what a former run, or another daemon, has left behind."""
        if self._record is not None:
            return
        parts = self._parts
        record = await parts.records.load() or Record()
        source = parts.terms.source
        if source not in record.sources[:1]:
            earlier = tuple(one for one in record.sources if one != source)
            record = replace(record, sources=(source, *earlier)[:MOST_SOURCES])
        if is_on(self.settings.prune) and not record.adopted:
            found = await parts.remover.marked(source, parts.terms.scope)
            inventory = {item.id: item for item in found.items} | dict(record.inventory)
            record = replace(record, inventory=inventory, adopted=not found.missed)
        self._record = record
        parts.applier.recall(record.inventory)
        await self._check_marker()

    async def _check_marker(self) -> None:
        """See early whether the marker can be moved: a sync goes on without it."""
        try:
            await self._parts.marker.check()
        except HelmwardError as error:
            self._troubles.marker = error

    async def _poll(self) -> None:
        """Look whether there is a commit that was not looked at before."""
        started = self._clock()
        pause = self.settings.poll_interval.total_seconds()
        try:
            await self._look()
        except TransientError as error:
            self._troubles.remote = error
            if not isinstance(error, SourceUnavailable):
                self._parts.reporter.took(self._clock() - started, ok=False)
            self._due.poll = self._clock() + min(pause, self._backoff.next("poll"))
            return
        self._troubles.remote = None
        if self._paths.unfinished:
            self._seen = ""
            self._due.poll = self._clock() + min(pause, self._backoff.next("poll"))
            return
        self._backoff.reset("poll")
        self._due.poll = self._clock() + pause

    async def _look(self) -> None:
        parts = self._parts
        head = await parts.source.head()
        if head.sha == self._seen:
            return
        snapshot = await parts.source.snapshot(head)
        if snapshot.head.sha != self._found:
            self._found = snapshot.head.sha
            parts.reporter.commit_found(snapshot.head.sha, snapshot.head.ref, snapshot.commit)
        verified = await self._verified(snapshot)
        if verified is not None:
            await self._take(verified)
        if self._troubles.signature is None:
            self._seen = snapshot.head.sha

    async def _verified(self, snapshot: Snapshot) -> Snapshot | None:
        """Return the newest commit that may be applied; None where there is nothing new."""
        parts = self._parts
        since = self._record.commit if self._record else ""
        verdict = await parts.verifier.newest(snapshot.head, since or await self._marked())
        self._troubles.signature = SignatureMissing(verdict.problem) if verdict.problem else None
        if verdict.head is None:
            return None
        if verdict.head.sha == snapshot.head.sha:
            return snapshot
        older = await parts.source.at(verdict.head.sha)
        return replace(older, head=replace(older.head, ref=snapshot.head.ref))

    async def _marked(self) -> str:
        """Return where another tool, or Flux, says that it was."""
        with suppress(HelmwardError):
            return await self._parts.marker.read()
        return ""

    async def _take(self, snapshot: Snapshot) -> None:
        started = self._clock()
        self._snapshot = snapshot
        await self._paths.take(snapshot)
        if self._record:
            await self._paths.recover(self._record.commits, self._parts.source.at)
        self._new = True
        if self._paths.bad:
            self._parts.reporter.took(self._clock() - started, ok=False)

    async def _sync(self) -> None:
        """Put in force what was read, all of it."""
        started = self._clock()
        check = not self._new or math.isinf(self._due.sync) or self._due.sync <= started
        if check and any(one.substitute_from for one in self.settings.paths):
            await self._paths.again()
        try:
            work = await self._within_limit(check=check)
        except Conflict:
            raise
        except HelmwardError as error:
            self._failed(error)
            pause = min(self.settings.sync_interval.total_seconds(), self._backoff.next("sync"))
            self._due.sync = self._clock() + pause
            self._parts.reporter.took(self._clock() - started, ok=False)
            return
        self._new = False
        if check or math.isinf(self._due.sync):
            self._due.sync = self._clock() + self.settings.sync_interval.total_seconds()
        self._troubles.cluster = None
        self._backoff.reset("sync")
        self._account(work)
        self._parts.reporter.took(self._clock() - started, ok=True)
        self._parts.reporter.synced(self.report)
        await self._mark()

    async def _within_limit(self, *, check: bool) -> _Work:
        limit = self.settings.sync_timeout
        try:
            async with asyncio.timeout(limit.total_seconds()) as clock:
                await self._unite()
                due = await self._due_objects(check=check)
                return await self._bring(due)
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise TransientError(f"applying took longer than {limit} (--sync-timeout)") from error

    async def _unite(self) -> None:
        """Make one plan of all paths, as far as they go together."""
        parts, name = self._parts, self.settings.name
        manifests = [m for s in self._paths.standings for v in s.versions for m in v.manifests]
        kinds = await known_kinds(parts.cluster, manifests, parts.terms.scope)
        others = parts.claims.others(name)
        self._union = await asyncio.to_thread(
            union, self._paths.standings, kinds, parts.terms, others
        )
        self._paths.in_force(self._union.commits)
        parts.claims.renew(name, self._union.asked)
        parts.applier.keep(self._union.plan)
        parts.reporter.commit = self._commit
        notes = [note for one in self._paths.standings for note in one.notes]
        parts.reporter.noted([*notes, *map(str, self._union.plan.left)])

    async def _due_objects(self, *, check: bool) -> frozenset[ObjectId]:
        """Name the objects that have to be applied: changed in git, refused before, or live."""
        plan, known = self._union.plan, self._inventory
        refused = frozenset(one.object for one in self.report.refused)
        due = stale(plan, known) | (refused & self._union.owners.keys())
        if check:
            due |= await look(self._parts.cluster, plan, known)
        return due

    async def _bring(self, due: Collection[ObjectId]) -> _Work:
        """Note down what will be ours, rehearse and apply it, remove, note down what is."""
        parts = self._parts
        removal, facts = await self._to_remove()
        await self._foresee(due, removal)
        work = _Work(removal=removal)
        for part in slices(self._union.plan, due):
            work = work.after(*await self._apply(part))
        removed = Removed()
        if removal.objects:
            removed = await parts.remover.remove(removal.objects, facts)
            for found in removed.gone:
                parts.reporter.removed(found)
            for refusal in removed.refusals:
                parts.reporter.refused(refusal)
        work = replace(work, removed=removed)
        await self._note(work)
        return work

    async def _apply(self, due: Collection[ObjectId]) -> tuple[Rehearsal, Outcome]:
        """Rehearse some objects, apply those that would change, and remember what was done."""
        parts, plan = self._parts, self._union.plan
        rehearsal = await parts.applier.rehearse(plan, due)
        for refusal in rehearsal.refused:
            parts.reporter.refused(refusal)
        outcome = await parts.applier.apply(plan, rehearsal.to_write)
        if self._record:
            items = changed_items(self._union, self._inventory, rehearsal, outcome)
            self._record = replace(self._record, inventory=items)
        return rehearsal, outcome

    async def _to_remove(self) -> tuple[Removal, Facts]:
        parts = self._parts
        self._troubles.removal = None
        asked = self._union.asked | frozenset(parts.claims.others(self.settings.name))
        candidates = orphans(self._inventory, asked, self._good_paths())
        if not candidates:
            return Removal(), {}
        scope = parts.terms.scope
        facts = await parts.remover.facts(worth_a_look(self.settings.prune, candidates, scope))
        # What cannot be looked at stays, and holds up nothing else.
        self._troubles.removal = next((one.trouble for one in facts.values() if one.trouble), None)
        sources = self._record.sources if self._record else ()
        removal = removals(
            self.settings.prune,
            candidates,
            facts,
            inventory=self._inventory,
            asked=asked,
            marks={
                one.id: frozenset(mark_of(source, one.id) for source in sources)
                for one in candidates
            },
            scope=scope,
            filled=frozenset(self._union.owners.values()),
            approved=parts.board.wishes.approved,
        )
        if self.settings.prune.dry:
            parts.reporter.would_remove([item.id for item in removal.waiting])
        return removal, facts

    def _good_paths(self) -> frozenset[str]:
        """Return the paths of whose items it is known that git has no more of them.

        Items of paths that the settings do not have any more count once every
        path was built: they may have moved into any of them.
        """
        bad = {one.path for one in self._paths.bad} | self._union.clashes.keys()
        own = {one.path for one in self.settings.paths}
        if self._snapshot is None or bad:
            return frozenset(own - bad) if self._snapshot else frozenset()
        return frozenset(own | {item.path for item in self._inventory.values()})

    async def _foresee(self, due: Collection[ObjectId], removal: Removal) -> None:
        """Write down what will be ours, and what goes: whoever is stopped in between has to know.

        What was approved once is gone on with, also after a restart.
        """
        if self._record is None:
            return
        items = foreseen(self._union, self._inventory, due)
        items |= {item.id: item for item in removal.begun}
        if removal.begun or items.keys() > self._inventory.keys():
            record = replace(self._record, inventory=items)
            await self._parts.records.save(record)
            self._record = record

    async def _note(self, work: _Work) -> None:
        """Write down what is ours now."""
        if self._record is None:
            return
        gone = {*work.removal.forgotten, *work.removed.done}
        items = changed_items(self._union, self._inventory, work.rehearsal, work.outcome)
        items |= {item.id: item for item in work.removal.begun}
        inventory = {key: item for key, item in items.items() if key not in gone}
        record = replace(
            self._record,
            commit=self._commit,
            commits={**self._record.commits, **self._union.commits},
            inventory=inventory,
        )
        await self._parts.records.save(record)
        self._record = record

    async def _retry(self) -> None:
        """Try the refused objects again, and those alone."""
        refused = {one.object for one in self.report.refused} & self._union.owners.keys()
        work = await self._bring(refused)
        self._troubles.cluster = None
        self._keep_refused(work)
        self.report = replace(
            self.report,
            applied=len(self._union.owners) - len(work.refused),
            removed=self.report.removed + len(work.removed.gone),
            braked=_brake(work.removal),
        )
        if taken := len(refused) - len(work.refused):
            self._parts.reporter.retried(self.report, taken)

    def _account(self, work: _Work) -> None:
        """Say in figures what a whole sync has come to."""
        applied = work.outcome.applied
        ignored = len(self._union.plan.ignored) + len(self._union.plan.left)
        ignored += len(work.outcome.skipped)
        self._keep_refused(work)
        self.report = replace(
            self.report,
            commit=self._commit,
            branch=self._snapshot.head.ref if self._snapshot else "",
            details=self._snapshot.commit if self._snapshot else self.report.details,
            applied=len(self._union.owners) - len(work.refused),
            changed=sum(one.changed for one in applied),
            created=sum(one.created for one in applied),
            healed=tuple(one.id for one in applied if one.healed),
            ignored=ignored,
            removed=len(work.removed.gone),
            braked=_brake(work.removal),
            synced_at=datetime.now(UTC),
        )

    def _keep_refused(self, work: _Work) -> None:
        refused = (*work.refused, *work.removed.refusals)
        self.report = replace(self.report, refused=refused)
        if refused or work.removal.later:
            self._due.retry = self._clock() + self._backoff.next("retry")
            return
        self._due.retry = math.inf
        self._backoff.reset("retry")

    async def _mark(self) -> None:
        """Move the marker; where it cannot be moved, nothing stops."""
        self._troubles.marker = None
        try:
            await self._parts.marker.move(self._commit)
        except HelmwardError as error:
            self._troubles.marker = error

    def _failed(self, error: HelmwardError) -> None:
        self._troubles.cluster = error
        soon = self._clock() + self._backoff.next("turn")
        self._due.poll = min(self._due.poll, soon) if self._record is None else self._due.poll
        if self._due.retry <= self._clock():
            self._due.retry = soon

    @property
    def _inventory(self) -> Inventory:
        return self._record.inventory if self._record else {}

    @property
    def _commit(self) -> str:
        """The newest commit that is in force below any path."""
        newest = self._snapshot.head.sha if self._snapshot else ""
        if newest and newest in self._union.commits.values():
            return newest
        return self._record.commit if self._record else ""

    def _publish(self) -> None:
        error = self._troubles.worst
        self.report = replace(
            self.report,
            at=datetime.now(UTC),
            error=str(error) if error else "",
            reason=error.reason if error else "",
            attempted=self._found,
            paths=paths_report(self._paths.standings, self._union),
        )
        self._parts.reporter.published(self.report)

    async def _pause(self) -> None:
        """Wait until something is due, or somebody asks for something."""
        due = self._due
        if self.report.suspended:
            await self._parts.board.changed.wait()
            return
        seconds = min(due.poll, due.sync, due.retry) - self._clock()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._parts.board.changed.wait()


def _brake(removal: Removal) -> Brake | None:
    if not removal.braked:
        return None
    names = tuple(str(item.id) for item in removal.waiting[:SHOWN])
    return Brake(removal.token, removal.braked, names, len(removal.waiting))
