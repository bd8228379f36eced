"""What is asked for, what was found, and what may be decided from the two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from helmward.model.account import Attempts
from helmward.model.declared import Chart, Commands, ReleaseOptions
from helmward.model.drift import Drift, DriftMode, IgnoreRule, ObjectRef
from helmward.model.revision import Key, ReleaseRef, Revision


@dataclass(frozen=True, slots=True)
class Desired:
    """What a HelmRelease asks for, with everything it refers to resolved."""

    key: Key
    generation: int
    release: ReleaseRef
    chart: Chart | None
    """None only while the resource is being deleted."""
    values: bytes = b"{}"
    """Composed of all sources, the inline ones on top."""
    options: ReleaseOptions = field(default_factory=ReleaseOptions)
    commands: Commands = field(default_factory=Commands)
    hidden: frozenset[tuple[str | int, ...]] = frozenset()
    """The places in the values that came from Secrets."""
    origins: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)
    """Which field of the spec set each value; a list is one value."""
    values_checksum: str = ""
    """As the status of v1beta1 tells it."""
    digest: str = ""
    """Digest over chart content, values and the options that change the outcome."""
    deleting: bool = False
    drift_mode: DriftMode = DriftMode.WARN
    ignore: tuple[IgnoreRule, ...] = ()
    """Fields of the release's objects that may differ."""

    @property
    def timeout(self) -> timedelta:
        """Of each of Helm's operations."""
        return self.options.timeout


class Writer(StrEnum):
    """What is known of who holds a pending revision."""

    NOBODY = "nobody"
    """Nothing is pending."""
    ALIVE = "alive"
    GONE = "gone"
    FOREIGN = "foreign"
    """No claim of ours: a human's `helm` or another tool."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A revision that no HelmRelease owns, compared with what is asked for."""

    revision: int
    digest: str
    """Of what it was compared with."""
    same: bool
    difference: str = ""
    owner: str = ""
    """The other HelmRelease that its objects say they belong to, if that exists."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What Helm's storage and the cluster hold for one HelmRelease, now."""

    newest: Revision | None = None
    history: tuple[Revision, ...] = ()
    """All revisions, the newest first."""
    writer: Writer = Writer.NOBODY
    foreign_until: datetime | None = None
    """When a foreign pending revision has outlived its own timeout."""
    name_holder: Key | None = None
    """The other HelmRelease that holds the release name."""
    former: Revision | None = None
    """The newest revision under the name that this HelmRelease had before."""
    likeness: Likeness | None = None
    """None while nothing was compared."""
    renders: bool = False
    """Whether what is asked for was rendered under its new name; asked for at a rename."""
    kind_is_going: bool = False
    """The CRD is being deleted, and all HelmReleases of its kind with it."""
    attempts: Attempts = field(default_factory=Attempts)
    forced: bool = False
    """An upgrade without another cause is asked for, and was not made yet."""
    reset: bool = False
    """Failures and rollbacks are to count from nought, and did not yet."""
    sweep_due: bool = False
    """A writer was stopped, and what he left or made late was not looked for since."""
    now: datetime | None = None
    suspects: frozenset[ObjectRef] = frozenset()
    """Objects that somebody may have changed since they were last looked at."""
    unknown_objects: bool = False
    """All objects are to be looked at: the revision does not tell which it has, or how."""
    drift: Drift | None = None
    """What of the objects looked at is known to differ."""
    left_alone: frozenset[ObjectRef] = frozenset()
    """Objects whose correction was undone again and again, or refused: their turn comes later."""
    unready: tuple[str, ...] = ()
    """Of what it depends on: what is not ready, each with the reason."""
    cycle: str = ""
    """The way on which it depends on itself, as `a -> b -> a`; empty without one."""
    dependents: tuple[str, ...] = ()
    """HelmReleases that depend on it and have to go first, now that it is deleted."""
    dependents_until: datetime | None = None
    """Until when they are waited for; None: as long as they are there."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to do."""

    why: str


@dataclass(frozen=True, slots=True)
class Install:
    """Write the first revision."""

    why: str


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Write the next revision."""

    why: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Turn a pending revision whose writer is gone into a failed one."""

    revision: int
    why: str


@dataclass(frozen=True, slots=True)
class Uninstall:
    """Remove the release named, with its history."""

    release: ReleaseRef
    why: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Take the finalizer away: nothing of the resource is left."""

    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until the time given, or until something changes."""

    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do nothing until the spec, or who holds the name, changes."""

    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """Write the next revision with the content of an earlier one."""

    to: int
    why: str


@dataclass(frozen=True, slots=True)
class Test:
    """Run the tests of a deployed revision."""

    __test__ = False

    revision: int
    why: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with the wait of a pending revision whose writer is gone."""

    revision: int
    why: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Look whether a revision that no HelmRelease owns is what is asked for."""

    revision: int
    why: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """Make a revision ours as it is, without a new one."""

    revision: int
    why: str


@dataclass(frozen=True, slots=True)
class Render:
    """Render what is asked for without writing anything."""

    why: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Delete what a writer who was stopped made late, and supersede what he did not."""

    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """Look whether objects of a revision are as it has them; none named means all."""

    revision: int
    objects: frozenset[ObjectRef]
    why: str


@dataclass(frozen=True, slots=True)
class Correct:
    """Put objects of a revision right, without a new one."""

    revision: int
    objects: frozenset[ObjectRef]
    why: str


@dataclass(frozen=True, slots=True)
class Suspended:
    """Leave the release alone until the user says otherwise."""

    why: str


Decision = (
    Nothing | Install | Upgrade | Unlock | Resume | Uninstall | Rollback | Test | Compare | Adopt
    | Render | Sweep | Look | Correct | Forget | Suspended | Wait | Refuse
)  # fmt: skip
