"""Tells of a sync: log lines, events for whoever watches, metrics. The only wording of it.

Called by `loop` and `apply`. Decides nothing.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import structlog

from helmward.errors import SourceUnavailable
from helmward.gitops.build import ObjectId
from helmward.gitops.meters import Figures, RepositoryMeters
from helmward.gitops.snapshot import Commit

_LOG = structlog.get_logger(__name__)
SHOWN: Final = 20
"""Of how many objects an account gives the names; the rest is counted."""
NO_COMMIT: Final = Commit("")


class Kind(StrEnum):
    """What happened in a sync."""

    COMMIT_FOUND = "commit_found"
    APPLIED = "applied"
    REFUSED = "refused"
    REMOVED = "removed"
    HEALED = "healed"
    """What a whole sync has put right."""
    BRAKED = "braked"
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
    reason: str = ""
    """The error in one word, as for a condition."""
    news: bool = True
    """Synced: something was written, or another commit is in force than before."""
    details: Commit = NO_COMMIT
    """Commit found: what people know it by."""


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
class PathReport:
    """How one path of the settings stands."""

    path: str = ""
    commit: str = ""
    """The commit that is in force below it."""
    objects: int = 0
    error: str = ""
    """Why the newest is not."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Brake:
    """A removal that waits until somebody approves it by its token."""

    token: str
    why: str
    objects: tuple[str, ...] = ()
    """What would go; the first few are enough."""
    count: int = 0


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
    details: Commit = NO_COMMIT
    """What people know the commit in force by."""
    attempted: str = ""
    """The newest commit that was looked at, in force or not."""
    created: int = 0
    removed: int = 0
    synced_at: datetime | None = None
    """When the last whole sync ended."""
    paths: tuple[PathReport, ...] = ()
    braked: Brake | None = None
    suspended: bool = False
    handled: str = ""
    """The wish for a sync that was acted on last, as it was asked."""

    @property
    def ok(self) -> bool:
        """Whether the newest commit is in force to the last object."""
        settled = bool(self.commit) and not self.error and not any(one.error for one in self.paths)
        return settled and not self.refused and self.braked is None

    @property
    def problem(self) -> str:
        """What is wrong first of all: with the sync, or with one of its paths."""
        return self.error or next((one.error for one in self.paths if one.error), "")

    @property
    def reachable(self) -> bool:
        """Whether git answered when it was asked last."""
        return self.reason != SourceUnavailable.reason


class Reporter:
    """Passes on what happens in one repository: to the log, the metrics and two callbacks."""

    def __init__(
        self,
        meters: RepositoryMeters | None = None,
        on_report: Callable[[SyncReport], Any] | None = None,
        on_event: Callable[[SyncEvent], Any] | None = None,
        *,
        repository: str = "",
    ) -> None:
        """`repository` is its name, for the log."""
        self._log = _LOG.bind(repository=repository) if repository else _LOG
        self._meters = meters
        self._on_report = on_report
        self._on_event = on_event
        self._said: dict[ObjectId, str] = {}
        self._failures: dict[str, str] = {}
        self._noted: frozenset[str] = frozenset()
        self._token = ""
        self._would: frozenset[ObjectId] = frozenset()
        self._synced = ""
        self.commit = ""
        """The commit in force, as the loop says."""
        self._newest = ""

    def commit_found(self, commit: str, branch: str, details: Commit = NO_COMMIT) -> None:
        """Tell of a commit that was not looked at before."""
        self._newest = commit
        self._said.clear()
        author, subject = details.author or None, details.subject or None
        self._log.info("commit found", commit=commit, branch=branch, author=author, subject=subject)
        self._tell(SyncEvent(Kind.COMMIT_FOUND, commit, message=branch, details=details))

    def applied(
        self, found: ObjectId, *, changed: bool, healed: bool, created: bool = False
    ) -> None:
        """Tell that the API server took an object."""
        self._said.pop(found, None)
        if healed:
            self._log.warning("healed object that was changed by hand", object=str(found))
        del created  # counted with the whole sync
        self._tell(SyncEvent(Kind.APPLIED, self.commit, found, changed, healed))

    def refused(self, refusal: Refusal) -> None:
        """Tell that the API server did not take an object, once for each new message."""
        if self._said.get(refusal.object) == refusal.message:
            return
        self._said[refusal.object] = refusal.message
        self._log.warning(
            "object refused",
            object=str(refusal.object),
            place=refusal.place,
            reason=refusal.reason,
            message=refusal.message,
        )
        event = SyncEvent(Kind.REFUSED, self.commit, refusal.object, message=str(refusal))
        self._tell(replace(event, reason=refusal.reason))

    def noted(self, notes: Collection[str]) -> None:
        """Tell what is left out of a commit, each thing once while it stays so."""
        for note in notes:
            if note not in self._noted:
                self._log.warning("left out", what=note, commit=self.commit or None)
        self._noted = frozenset(notes)

    def removed(self, found: ObjectId) -> None:
        """Tell that an object is gone which git no longer has."""
        self._log.info("removed object that git no longer has", object=str(found))
        self._tell(SyncEvent(Kind.REMOVED, self.commit, found))

    def would_remove(self, objects: Collection[ObjectId]) -> None:
        """Tell what a dry run does not remove, each object once as long as it is so."""
        for found in sorted(frozenset(objects) - self._would):
            self._log.info("would remove object that git no longer has", object=str(found))
        self._would = frozenset(objects)

    def took(self, seconds: float, *, ok: bool) -> None:
        """Count one sync that ended, or failed as a whole."""
        if self._meters:
            self._meters.took(seconds, ok=ok)

    def synced(self, report: SyncReport) -> None:
        """Tell that every object was sent."""
        self._log.info(
            "applied objects",
            commit=report.commit,
            applied=report.applied,
            changed=report.changed,
            removed=report.removed,
            refused=len(report.refused),
            ignored=report.ignored,
        )
        counts = _counts(report)
        if self._meters:
            self._meters.wrote(**counts)
        if report.healed:
            self._tell(SyncEvent(Kind.HEALED, report.commit, message=_names(report.healed)))
        news = any(counts.values()) or report.commit != self._synced
        self._synced = report.commit
        self._tell(SyncEvent(Kind.SYNCED, report.commit, message=_summary(report), news=news))

    def retried(self, report: SyncReport, taken: int) -> None:
        """Tell that some objects were taken which had been refused."""
        self._log.info("applied refused objects", taken=taken, refused=len(report.refused))
        if self._meters:
            self._meters.wrote(changed=taken)
        self._tell(SyncEvent(Kind.SYNCED, report.commit, message=_retried(report, taken)))

    def published(self, report: SyncReport) -> None:
        """Hand over how things stand; tell of each failure once for each new message."""
        self._tell_failures(report)
        self._tell_brake(report.braked)
        if self._meters:
            self._meters.stands(_figures(report))
        if self._on_report:
            self._on_report(report)

    def _tell_failures(self, report: SyncReport) -> None:
        failures = {one.path: (one.error, one.reason) for one in report.paths if one.error}
        if report.error:
            failures["\0"] = (report.error, report.reason)
        for where, (error, reason) in failures.items():
            if self._failures.get(where) != error:
                commit = report.attempted or self._newest
                self._log.error("sync failed", reason=reason, error=error, commit=commit or None)
                self._tell(SyncEvent(Kind.FAILED, commit, message=error, reason=reason))
        self._failures = {where: error for where, (error, _) in failures.items()}

    def _tell_brake(self, brake: Brake | None) -> None:
        token = brake.token if brake else ""
        if brake and token != self._token:
            self._log.warning("removal waits for approval", token=token, why=brake.why)
            told = f"{brake.why} Token {token}. Would go: {_some(brake.objects, brake.count)}"
            self._tell(SyncEvent(Kind.BRAKED, self.commit, message=told))
        self._token = token

    def _tell(self, event: SyncEvent) -> None:
        if self._on_event:
            self._on_event(event)


def _counts(report: SyncReport) -> dict[str, int]:
    """Return what a sync wrote; each object counts once."""
    healed = len(report.healed)
    return {
        "created": report.created,
        "changed": max(0, report.changed - report.created - healed),
        "healed": healed,
        "removed": report.removed,
    }


def _summary(report: SyncReport) -> str:
    """Say what a sync did, as `42 objects: 2 created, 1 removed`."""
    counts = ", ".join(f"{count} {what}" for what, count in _counts(report).items() if count)
    refused = f"{len(report.refused)} refused" if report.refused else ""
    said = ", ".join(filter(None, (counts, refused)))
    return f"{report.applied} objects" + (f": {said}" if said else "")


def _retried(report: SyncReport, taken: int) -> str:
    left = f", {len(report.refused)} refused" if report.refused else ""
    return f"{report.applied} objects: {taken} taken after all{left}"


def _names(objects: Sequence[ObjectId]) -> str:
    return _some([str(one) for one in objects[:SHOWN]], len(objects))


def _some(names: Sequence[str], count: int) -> str:
    """Name the first objects and count the rest."""
    shown = list(names[:SHOWN])
    more = max(count, len(names)) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _figures(report: SyncReport) -> Figures:
    return Figures(
        reachable=report.reachable,
        ready=report.ok,
        suspended=report.suspended,
        braked=report.braked is not None,
        ref=report.branch,
        commit=report.commit,
        synced_at=report.synced_at,
        objects=(report.applied, len(report.refused), report.ignored),
    )
