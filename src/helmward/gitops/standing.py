"""Words a report as the spec and status of a GitSync; pure.

Called by `board`. Conditions follow kstatus: Reconciling while it heals by
itself, Stalled when somebody has to do something.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from helmward.apis.gitsync import (
    GitSyncCondition,
    GitSyncSpec,
    GitSyncStatus,
    SpecPath,
    SpecPrune,
    StatusBraked,
    StatusCommit,
    StatusObjects,
    StatusPath,
    StatusRefused,
    Wishes,
)
from helmward.errors import HelmwardError, TerminalError
from helmward.git.remote import read_remote
from helmward.gitops.report import SHOWN, SyncReport
from helmward.model import Stage
from helmward.settings import RefSettings, RepositorySettings

SHORT: Final = 7
LONGEST: Final = 1500
"""Characters of one message: a status has to fit into the cluster's memory."""
READY: Final = {Stage.READY: "True", Stage.WORKING: "Unknown"}

Conditions = tuple[GitSyncCondition, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a repository stands, in a word, a reason and a sentence."""

    stage: Stage
    reason: str
    message: str


def standing(report: SyncReport) -> Standing:
    """Say how things stand; what needs somebody comes before what heals by itself."""
    troubles = list(_troubles(report))
    if troubles:
        return next((one for one in troubles if one.stage is Stage.STALLED), troubles[0])
    if not report.commit:
        return Standing(Stage.WORKING, "Progressing", "nothing was applied yet")
    subject = f' "{report.details.subject}"' if report.details.subject else ""
    said = f"commit {report.commit[:SHORT]}{subject} is in force: {report.applied} objects"
    return Standing(Stage.READY, "Synced", said)


def _troubles(report: SyncReport) -> Iterator[Standing]:
    if report.error:
        yield _failed(report.reason, report.error)
    for path in report.paths:
        if path.error:
            yield _failed(path.reason, path.error)
    if report.braked:
        what = f"{report.braked.count} objects are to be removed"
        said = f"{what}: {report.braked.why} Approve with token {report.braked.token}."
        yield Standing(Stage.STALLED, "PruneHeld", said)
    if report.refused:
        first = f"{len(report.refused)} refused, the first: {report.refused[0]}"
        yield Standing(Stage.WAITING, "ObjectsRefused", first)


def _failed(reason: str, error: str) -> Standing:
    terminal = reason in _reasons(TerminalError)
    return Standing(Stage.STALLED if terminal else Stage.WAITING, reason or "Failed", error)


def _reasons(branch: type[HelmwardError]) -> set[str]:
    """Return the reasons of a branch of the error tree."""
    return {branch.reason}.union(*map(_reasons, branch.__subclasses__()))


def conditions(
    report: SyncReport, wishes: Wishes, generation: int, before: Conditions, now: datetime
) -> Conditions:
    """Return the conditions; the time of one whose status stayed the same is carried over."""
    stands = standing(report)
    moving = stands.stage in {Stage.WORKING, Stage.WAITING}
    stalled = stands.stage is Stage.STALLED
    fresh = [
        ("Ready", READY.get(stands.stage, "False"), stands.reason, stands.message),
        ("Reconciling", _flag(moving), stands.reason, stands.message if moving else ""),
        ("Stalled", _flag(stalled), stands.reason, stands.message if stalled else ""),
    ]
    if wishes.suspended or wishes.problem:
        words = wishes.problem or "left alone because an annotation says so"
        fresh.append(("Suspended", "True", "Suspended", words))
    known = {one.type: one for one in before}
    return tuple(_condition(one, generation, known, now) for one in fresh)


def _condition(
    fresh: tuple[str, str, str, str],
    generation: int,
    known: dict[str, GitSyncCondition],
    now: datetime,
) -> GitSyncCondition:
    kind, status, reason, message = fresh
    old = known.get(kind)
    same = old is not None and old.status == status
    changed = old.last_transition_time if old and same else now.replace(microsecond=0)
    return GitSyncCondition(kind, status, reason, _cut(message), generation, changed)


def status_of(
    report: SyncReport, wishes: Wishes, generation: int, before: Conditions, now: datetime
) -> GitSyncStatus:
    """Return the status of a report; `before` are the conditions that it had."""
    return GitSyncStatus(
        observed_generation=generation,
        conditions=conditions(report, wishes, generation, before, now),
        commit=_commit(report),
        short_commit=report.commit[:SHORT],
        attempted_commit=report.attempted,
        synced_at=report.synced_at.replace(microsecond=0) if report.synced_at else None,
        objects=_objects(report),
        paths=tuple(
            StatusPath(one.path, one.commit, one.objects, _cut(one.error)) for one in report.paths
        ),
        refused=tuple(
            StatusRefused(str(one.object), one.place, one.reason, _cut(one.message))
            for one in report.refused[:SHOWN]
        ),
        braked=_braked(report),
        last_handled_reconcile_at=report.handled,
    )


def _commit(report: SyncReport) -> StatusCommit | None:
    if not report.commit:
        return None
    known = report.details
    if known.sha != report.commit:
        return StatusCommit(report.commit)
    return StatusCommit(known.sha, _cut(known.author), _cut(known.subject), known.at)


def _objects(report: SyncReport) -> StatusObjects:
    return StatusObjects(
        applied=report.applied,
        changed=report.changed,
        created=report.created,
        healed=len(report.healed),
        refused=len(report.refused),
        ignored=report.ignored,
        removed=report.removed,
    )


def _braked(report: SyncReport) -> StatusBraked | None:
    brake = report.braked
    if brake is None:
        return None
    return StatusBraked(brake.token, _cut(brake.why), brake.objects[:SHOWN], brake.count)


def spec_of(settings: RepositorySettings) -> GitSyncSpec:
    """Return what the operator was told to follow, without what is secret in it."""
    return GitSyncSpec(
        url=str(read_remote(settings.url)),
        ref=ref_words(settings.ref),
        paths=tuple(SpecPath(one.path, one.build) for one in settings.paths),
        prune=SpecPrune(settings.prune.enabled, settings.prune.dry),
        verify=settings.verify.mode,
        poll_interval=_duration(settings.poll_interval),
        sync_interval=_duration(settings.sync_interval),
    )


def ref_words(ref: RefSettings) -> str:
    """Say which commits are followed: the last field that is given counts."""
    return next(_given((ref.commit, ref.name, ref.semver, ref.tag, ref.branch)), "")


def _given(words: Iterable[str | None]) -> Iterator[str]:
    return (word for word in words if word)


def _duration(duration: timedelta) -> str:
    """Write a duration as Go reads it."""
    return f"{duration.total_seconds():g}s"


def _flag(value: bool) -> str:
    return "True" if value else "False"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
