"""Tells of a sync by Kubernetes Events: what a commit became, where its people look for it.

Called through `Reporter`'s `on_event`. The recorder counts what is told again,
and nothing waits for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from helmward.errors import SourceRejected
from helmward.gitops.build import ObjectId
from helmward.gitops.report import Kind, SyncEvent
from helmward.logs import redacted
from helmward.runtime.events import EventRecorder, Regarding

FAULTS: Final = 5
"""How many faults of a commit an event lists; the status and the log have more."""
SHORT: Final = 7


@dataclass(frozen=True, slots=True)
class Words:
    """An event as people read it."""

    reason: str
    message: str
    warning: bool = False


class Herald:
    """Records events about one repository; hand it to a `Reporter` as `on_event`.

    `about` says which object they regard.
    """

    def __init__(self, recorder: EventRecorder, about: Callable[[], Regarding]) -> None:
        self._recorder = recorder
        self._about = about

    def __call__(self, event: SyncEvent) -> None:
        """Tell of what happened, if it is worth an event."""
        words = words_of(event)
        if words is None:
            return
        self._record(self._about(), words)
        if event.kind is Kind.REFUSED and event.object is not None:
            self._record(_regarding(event.object), words)

    def _record(self, about: Regarding, words: Words) -> None:
        message = redacted(words.message)
        self._recorder.record(about, words.reason, message, warning=words.warning)


def words_of(event: SyncEvent) -> Words | None:
    """Say what happened; None for what would only fill the list of events."""
    wording = WORDING.get(event.kind)
    return wording(event) if wording and event.news else None


def _found(event: SyncEvent) -> Words:
    author = f" by {event.details.author}" if event.details.author else ""
    subject = f": {event.details.subject}" if event.details.subject else ""
    said = f"found commit {event.commit[:SHORT]} of {event.message}{author}{subject}"
    return Words("CommitFound", said)


def _synced(event: SyncEvent) -> Words:
    return Words("Synced", f"applied commit {event.commit[:SHORT]}: {event.message}")


def _healed(event: SyncEvent) -> Words:
    return Words("Healed", f"put right what others than git had changed: {event.message}")


def _refused(event: SyncEvent) -> Words:
    said = f"commit {event.commit[:SHORT]}: {event.message}"
    return Words("ObjectRefused", said, warning=True)


def _braked(event: SyncEvent) -> Words:
    return Words("PruneHeld", event.message, warning=True)


def _failed(event: SyncEvent) -> Words:
    if event.reason != SourceRejected.reason:
        return Words("SyncFailed", event.message, warning=True)
    refused = f"commit {event.commit[:SHORT]} is not applied: {_shortened(event.message)}"
    return Words("CommitRefused", refused, warning=True)


WORDING: Final[Mapping[Kind, Callable[[SyncEvent], Words]]] = {
    Kind.COMMIT_FOUND: _found,
    Kind.SYNCED: _synced,
    Kind.HEALED: _healed,
    Kind.REFUSED: _refused,
    Kind.BRAKED: _braked,
    Kind.FAILED: _failed,
}


def _shortened(faults: str) -> str:
    lines = faults.splitlines()
    more = len(lines) - FAULTS
    return "; ".join([*lines[:FAULTS], *([f"and {more} more"] if more > 0 else [])])


def _regarding(found: ObjectId) -> Regarding:
    # The version of the API is unknown here; kubectl finds events without it.
    return Regarding("", found.kind, found.namespace, found.name)
