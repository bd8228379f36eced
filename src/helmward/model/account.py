"""What a turn found and did, as one value that every generation words its status from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from helmward.model.declared import Chart
from helmward.model.revision import ReleaseRef, Revision


class Stage(StrEnum):
    """How far a HelmRelease is from what it asks for."""

    READY = "ready"
    WORKING = "working"
    WAITING = "waiting"
    """Failed or held up, and tried again by itself."""
    STALLED = "stalled"
    SUSPENDED = "suspended"
    """Left alone because the user said so."""


class Outcome(StrEnum):
    """What became of a step that a generation may have a condition for."""

    NONE = ""
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cause:
    """The first real cause of a failure in the cluster, as the engine found it."""

    object: str
    """What is to blame, as `Kind/name`."""
    namespace: str = ""
    pod: str = ""
    container: str = ""
    reason: str = ""
    """ImagePullBackOff, CrashLoopBackOff, Unschedulable ..."""
    message: str = ""
    exit_code: int | None = None
    log_lines: tuple[str, ...] = ()
    """The container's last words, oldest first."""
    event: str = ""
    hopeless: bool = False
    """It does not heal by waiting."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The failures since the last success of one asked-for state."""

    count: int = 0
    digest: str = ""
    """What failed; another digest starts anew."""
    retry_at: datetime | None = None
    cause: str = ""


class DriftState(StrEnum):
    """How the objects of a release stand to its revision; each is the reason of a condition."""

    OFF = "NotLookedFor"
    NONE = "NoDrift"
    DETECTED = "DriftDetected"
    CONTESTED = "Contested"
    """They were put right, and changed again, and again."""
    CORRECTED = "DriftCorrected"
    UNSEEN = "CannotLook"


@dataclass(frozen=True, slots=True)
class DriftStanding:
    """What is known of drift of one release."""

    state: DriftState
    message: str = ""
    objects: int = 0
    """How many are not as they should be."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a turn found and did; each API generation words its status from it."""

    generation: int
    release: ReleaseRef
    stage: Stage
    reason: str
    message: str
    chart_name: str
    """Name of the chart asked for."""
    chart: Chart | None = None
    chart_problem: str = ""
    from_git: bool = False
    """Whether the chart asked for lies in a git repository."""
    newest: Revision | None = None
    action: str = ""
    """The verb that failed or is under way: install, upgrade, rollback, test, uninstall ..."""
    deleting: bool = False
    attempts: Attempts | None = None
    """The failures that count now; None when there are none."""
    tested: Outcome = Outcome.NONE
    rolled_back: Outcome = Outcome.NONE
    """Whether the revision in force is an older state that a rollback brought back."""
    rollbacks: int = 0
    tests_decide: bool = True
    """Whether failed tests make the release a failure."""
    values_checksum: str = ""
    """Hex SHA-256 of the composed values (`values.checksum`); empty while they are unknown."""
    requested_at: str = ""
    """The `requestedAt` token that this turn has acted on; the two below likewise."""
    force_at: str = ""
    reset_at: str = ""
    drift: DriftStanding | None = None
    """None where nobody could know: what was told before stands."""
