"""Tells of a sync: log lines, events for whoever watches, metrics. The only wording of it.

Called by `loop` and `apply`. Decides nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Gauge, Histogram

from helmward.gitops.build import ObjectId

_LOG = structlog.get_logger(__name__)
_BUCKETS: Final = (0.1, 0.5, 1, 5, 10, 20, 30, 40, 50, 60, 75, 90, 120, 240)


class Kind(StrEnum):
    """What happened in a sync."""

    COMMIT_FOUND = "commit_found"
    APPLIED = "applied"
    REFUSED = "refused"
    SYNCED = "synced"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SyncEvent:
    """One thing that happened."""

    kind: Kind
    commit: str
    object: ObjectId | None = None
    changed: bool = False
    """Applied: the object is not what it was (first seen, new manifest, healed)."""
    healed: bool = False
    """Applied: the manifest is the same, so somebody had changed the object by hand."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that the API server did not take."""

    object: ObjectId
    place: str
    """Where it is written: `path:line`."""
    reason: str
    message: str

    def __str__(self) -> str:
        """Read with the place first, as compilers do."""
        return f"{self.place}: {self.object}: {self.message}"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How things stand after a sync."""

    commit: str = ""
    """The commit in force; empty while there is none."""
    branch: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    applied: int = 0
    """Objects in force as the commit asks, of the last whole sync."""
    changed: int = 0
    healed: tuple[ObjectId, ...] = ()
    ignored: int = 0
    refused: tuple[Refusal, ...] = ()
    error: str = ""
    """Why the newest commit is not in force, or the last sync came to no end."""
    reason: str = ""
    """The error in one word, as for a condition."""

    @property
    def ok(self) -> bool:
        """Whether the newest commit is in force to the last object."""
        return bool(self.commit) and not self.error and not self.refused


class Metrics:
    """The figures that Flux's dashboards and alerts know."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._duration = Histogram(
            "flux_daemon_sync_duration_seconds",
            "Duration of git-to-cluster synchronisation, in seconds.",
            ["success"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._manifests = Gauge(
            "flux_daemon_sync_manifests",
            "Number of manifests being synchronised to the cluster.",
            ["success"],
            registry=registry,
        )

    def took(self, seconds: float, *, ok: bool) -> None:
        """Count one sync that ended, or failed as a whole."""
        self._duration.labels(success=str(ok).lower()).observe(seconds)

    def manifests(self, applied: int, refused: int) -> None:
        """Show how many objects are in force, and how many are not."""
        self._manifests.labels(success="true").set(applied)
        self._manifests.labels(success="false").set(refused)


class Reporter:
    """Passes on what happens: to the log, the metrics and two callbacks."""

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        on_report: Callable[[SyncReport], Any] | None = None,
        on_event: Callable[[SyncEvent], Any] | None = None,
    ) -> None:
        self._metrics = Metrics(registry) if registry is not None else None
        self._on_report = on_report
        self._on_event = on_event
        self._said: dict[ObjectId, str] = {}
        self._failure = ""
        self.commit = ""
        """The commit in force, as the loop says."""
        self._newest = ""

    def commit_found(self, commit: str, branch: str) -> None:
        """Tell of a commit that was not looked at before."""
        self._newest = commit
        self._said.clear()
        _LOG.info("commit found", commit=commit, branch=branch)
        self._tell(SyncEvent(Kind.COMMIT_FOUND, commit, message=branch))

    def applied(self, found: ObjectId, *, changed: bool, healed: bool) -> None:
        """Tell that the API server took an object."""
        self._said.pop(found, None)
        if healed:
            _LOG.warning("healed object that was changed by hand", object=str(found))
        self._tell(SyncEvent(Kind.APPLIED, self.commit, found, changed, healed))

    def refused(self, refusal: Refusal) -> None:
        """Tell that the API server did not take an object, once for each new message."""
        if self._said.get(refusal.object) == refusal.message:
            return
        self._said[refusal.object] = refusal.message
        _LOG.warning(
            "object refused",
            object=str(refusal.object),
            place=refusal.place,
            reason=refusal.reason,
            message=refusal.message,
        )
        self._tell(SyncEvent(Kind.REFUSED, self.commit, refusal.object, message=str(refusal)))

    def took(self, seconds: float, *, ok: bool) -> None:
        """Count one sync that ended, or failed as a whole."""
        if self._metrics:
            self._metrics.took(seconds, ok=ok)

    def synced(self, report: SyncReport) -> None:
        """Tell that every object was sent."""
        _LOG.info(
            "applied objects",
            commit=report.commit,
            applied=report.applied,
            changed=report.changed,
            refused=len(report.refused),
            ignored=report.ignored,
        )
        self._tell(SyncEvent(Kind.SYNCED, report.commit, message=f"{report.applied} objects"))

    def published(self, report: SyncReport) -> None:
        """Hand over how things stand; tell of a failure once for each new message."""
        if report.error and report.error != self._failure:
            _LOG.error("sync failed", reason=report.reason, error=report.error)
            self._tell(SyncEvent(Kind.FAILED, self._newest, message=report.error))
        self._failure = report.error
        if self._metrics and report.commit:
            self._metrics.manifests(report.applied, len(report.refused))
        if self._on_report:
            self._on_report(report)

    def _tell(self, event: SyncEvent) -> None:
        if self._on_event:
            self._on_event(event)
