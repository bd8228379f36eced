"""When to look at git and when to apply: the task of the Flux role.

Owned by `app`'s task group. The other modules of this room do the work; here
are the clock, the last good commit and what went wrong.

What a commit deletes from git stays in the cluster: nothing is pruned yet.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from helmward.errors import HelmwardError, SourceRejected, SourceUnavailable, TransientError
from helmward.gitops.apply import Applier, Cluster, Outcome, known_kinds
from helmward.gitops.build import Manifest, ObjectId, build
from helmward.gitops.plan import Plan, make_plan
from helmward.gitops.report import Reporter, SyncEvent, SyncReport
from helmward.gitops.snapshot import Head, Snapshot
from helmward.gitops.source import GitSource
from helmward.gitops.tree import pick
from helmward.runtime.backoff import Backoff
from helmward.settings import RepositorySettings

RETRY_CAP: Final = 60.0
"""The longest pause in seconds before what failed is tried again."""


@dataclass(frozen=True)
class _Commit:
    """A commit that was read whole."""

    head: Head
    manifests: list[Manifest]


@dataclass
class _Due:
    """When to do what, on the loop's clock."""

    poll: float = 0.0
    sync: float = math.inf
    retry: float = math.inf


@dataclass
class _Troubles:
    """What is wrong now, the most telling first."""

    remote: HelmwardError | None = None
    commit: HelmwardError | None = None
    cluster: HelmwardError | None = None

    @property
    def worst(self) -> HelmwardError | None:
        return self.commit or self.remote or self.cluster


class GitSync:
    """Keeps the cluster as the newest good commit asks.

    A commit that cannot be read whole is not applied: its error is reported
    and the last good one stays in force, also while the remote is down.
    Objects that the API server refuses are tried again with a back-off.

    `namespace` is the kubeconfig's, for documents that name none if the
    settings name none either. `work` is a folder of our own.
    """

    def __init__(  # noqa: PLR0913 - who listens is named here, once
        self,
        settings: RepositorySettings,
        cluster: Cluster,
        work: Path,
        *,
        namespace: str = "default",
        registry: CollectorRegistry | None = None,
        on_report: Callable[[SyncReport], Any] | None = None,
        on_event: Callable[[SyncEvent], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.report = SyncReport()
        self._settings = settings
        self._cluster = cluster
        self._source = GitSource(settings, work)
        self._namespace = settings.default_namespace or namespace or "default"
        self._reporter = Reporter(registry, on_report, on_event)
        self._applier = Applier(
            cluster, self._namespace, self._reporter.applied, self._reporter.refused
        )
        self._clock = clock
        self._backoff: Backoff[str] = Backoff(cap=RETRY_CAP)
        self._due = _Due()
        self._troubles = _Troubles()
        self._turns = asyncio.Lock()
        self._moved = asyncio.Event()
        self._seen = ""
        self._candidate: _Commit | None = None
        self._plan: Plan | None = None
        self._head = Head("", "")

    async def run(self) -> None:
        """Sync for ever; ends only by cancellation or by a bug.

        Raises:
            ConfigInvalid: the program git is missing.
        """
        while True:
            async with self._turns:
                await self._turn()
            await self._pause()

    async def sync_now(self) -> SyncReport:
        """Look at git and apply everything at once, whatever the intervals say."""
        async with self._turns:
            self._due.poll = self._due.sync = 0.0
            await self._turn()
            self._moved.set()
            return self.report

    async def _turn(self) -> None:
        """Do all that is due, then say how things stand."""
        if self._clock() >= self._due.poll:
            await self._poll()
        if self._candidate is not None or self._clock() >= self._due.sync:
            await self._sync()
        elif self._clock() >= self._due.retry:
            await self._retry()
        self._publish()

    async def _poll(self) -> None:
        """Look whether the branch has a commit that was not looked at before."""
        started = self._clock()
        pause = self._settings.poll_interval.total_seconds()
        try:
            await self._look()
        except SourceRejected as error:
            self._troubles.commit = error
            self._reporter.took(self._clock() - started, ok=False)
        except SourceUnavailable as error:
            self._troubles.remote = error
            self._due.poll = self._clock() + min(pause, self._backoff.next("poll"))
            return
        self._troubles.remote = None
        self._backoff.reset("poll")
        self._due.poll = self._clock() + pause

    async def _look(self) -> None:
        head = await self._source.head()
        if head.sha == self._seen:
            return
        snapshot = await self._source.snapshot(head)
        head = snapshot.head
        self._reporter.commit_found(head.sha, head.ref)
        try:
            files = await self._files(snapshot)
            self._candidate = _Commit(head, await asyncio.to_thread(build, files))
        except SourceRejected:
            self._seen = head.sha
            raise
        self._seen = head.sha
        self._troubles.commit = None

    async def _files(self, snapshot: Snapshot) -> dict[str, bytes]:
        chosen: dict[str, None] = {}
        for path in self._settings.paths:
            chosen |= dict.fromkeys(pick(snapshot.tree, path.path, snapshot.head.sha))
        return await snapshot.read(chosen)

    async def _sync(self) -> None:
        """Put the newest good commit in force, all of it."""
        started = self._clock()
        try:
            await self._accept()
            outcome = await self._apply()
        except SourceRejected as error:
            self._candidate = None
            self._troubles.commit = error
            return
        except HelmwardError as error:
            self._troubles.cluster = error
            pause = min(self._settings.sync_interval.total_seconds(), self._backoff.next("sync"))
            self._due.sync = self._clock() + pause
            self._reporter.took(self._clock() - started, ok=False)
            return
        self._done(outcome, self._clock() - started)

    async def _accept(self) -> None:
        """Make the newest commit the one in force, if it is new and fits together."""
        if self._candidate is None:
            return
        commit = self._candidate
        kinds = await known_kinds(self._cluster, commit.manifests)
        self._plan = make_plan(commit.manifests, kinds, self._namespace)
        self._head = commit.head
        self._reporter.commit = commit.head.sha
        self._candidate = None
        self._applier.keep(self._plan)
        self._backoff.reset("retry")

    async def _apply(self, only: frozenset[ObjectId] | None = None) -> Outcome:
        limit = self._settings.sync_timeout
        try:
            async with asyncio.timeout(limit.total_seconds()) as clock:
                return await self._applier.apply(self._plan or Plan(), only)
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise TransientError(f"applying took longer than {limit} (--sync-timeout)") from error

    def _done(self, outcome: Outcome, seconds: float) -> None:
        self._troubles.cluster = None
        self._backoff.reset("sync")
        self._due.sync = self._clock() + self._settings.sync_interval.total_seconds()
        self.report = SyncReport(
            self._head.sha,
            self._head.ref,
            applied=len(outcome.applied),
            changed=sum(applied.changed for applied in outcome.applied),
            healed=tuple(applied.id for applied in outcome.applied if applied.healed),
            ignored=len(self._plan.ignored) if self._plan else 0,
        )
        self._reporter.took(seconds, ok=True)
        self._keep_refused(outcome)
        self._reporter.synced(self.report)

    async def _retry(self) -> None:
        """Try the refused objects again, and those alone."""
        refused = frozenset(refusal.object for refusal in self.report.refused)
        try:
            outcome = await self._apply(refused)
        except HelmwardError as error:
            self._troubles.cluster = error
            self._due.retry = self._clock() + self._backoff.next("retry")
            return
        self._troubles.cluster = None
        applied = self.report.applied + len(outcome.applied)
        self.report = replace(self.report, applied=applied)
        self._keep_refused(outcome)
        if outcome.applied:
            self._reporter.synced(self.report)

    def _keep_refused(self, outcome: Outcome) -> None:
        self.report = replace(self.report, refused=outcome.refused)
        if outcome.refused:
            self._due.retry = self._clock() + self._backoff.next("retry")
            return
        self._due.retry = math.inf
        self._backoff.reset("retry")

    def _publish(self) -> None:
        error = self._troubles.worst
        self.report = replace(
            self.report,
            at=datetime.now(UTC),
            error=str(error) if error else "",
            reason=error.reason if error else "",
        )
        self._reporter.published(self.report)

    async def _pause(self) -> None:
        """Wait until something is due, or the times have moved."""
        due = self._due
        seconds = min(due.poll, due.sync, due.retry) - self._clock()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._moved.wait()
        except TimeoutError:
            return
        self._moved.clear()
