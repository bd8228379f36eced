"""The frozen nouns that every room speaks of: what is asked for, what was found.

No I/O, no clock, no Kubernetes: plain values that compare by content. Times
are aware datetimes, durations are timedeltas, documents are JSON bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

FIELD_MANAGER: Final = "helmward"
DOMAIN: Final = "helmward.dev"

OWNER: Final = f"{DOMAIN}/owner"
"""Annotation of a release Secret: the HelmRelease that it belongs to."""
DIGEST: Final = f"{DOMAIN}/digest"
"""Annotation of a release Secret: digest of what was asked for (`Desired.digest`)."""
CHART: Final = f"{DOMAIN}/chart"
"""Annotation of a release Secret: `<name>-<version>` of the chart."""
SESSION: Final = f"{DOMAIN}/session"
"""Annotation of a release Secret: `<namespace>/<name>` of the writer's Lease."""
EPOCH: Final = f"{DOMAIN}/epoch"
PHASE: Final = f"{DOMAIN}/phase"
DEADLINE: Final = f"{DOMAIN}/deadline"
"""Annotation of a release Secret: until when its writer may write, RFC 3339."""
INSTANCE: Final = f"{DOMAIN}/instance"
"""Annotation of a release Secret: the engine process that writes it."""

NOTHING_SET: Final[Mapping[str, str]] = MappingProxyType({})


class Status(StrEnum):
    """A revision's status, in Helm's own words."""

    DEPLOYED = "deployed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    UNINSTALLED = "uninstalled"
    UNINSTALLING = "uninstalling"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"
    UNKNOWN = "unknown"

    @property
    def pending(self) -> bool:
        """Whether somebody writes, or died writing, this revision."""
        return self.startswith("pending-")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What the queue holds: one resource of one API generation."""

    api: str
    """Group and version, such as `flux.weave.works/v1beta1`."""
    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as people write it: `namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def owner(self) -> str:
        """The same as one word, for the annotation `helmward.dev/owner`."""
        return f"{self.api}:{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ReleaseRef:
    """Identity of a Helm release: where it and its storage are, and its name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as people write it: `namespace/name`."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ChartRef:
    """Which chart is asked for; `version` may be a semver range."""

    repository: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that the engine holds, named by the digest of its archive."""

    digest: str
    name: str
    version: str
    app_version: str = ""
    stale_reason: str = ""
    """Why the repository could not be asked, when a kept copy is used."""

    def __str__(self) -> str:
        """Read as Helm's archives are named."""
        return f"{self.name}-{self.version}"


@dataclass(frozen=True, slots=True)
class Base:
    """The newest revision that a decision was made on; 0 where there is none."""

    revision: int = 0
    uid: str = ""
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision in Helm's storage, as its Secret's metadata tells it."""

    release: ReleaseRef
    number: int
    status: Status
    chart: str = ""
    """`<name>-<version>`; empty when another tool wrote the revision."""
    description: str = ""
    modified: datetime | None = None
    annotations: Mapping[str, str] = field(default_factory=lambda: NOTHING_SET)
    uid: str = ""
    resource_version: str = ""

    @property
    def base(self) -> Base:
        """Return the revision as the base of an action."""
        return Base(self.number, self.uid, self.resource_version)

    @property
    def owner(self) -> str:
        """The HelmRelease it belongs to; empty when a human's `helm` wrote it."""
        return self.annotations.get(OWNER, "")

    @property
    def digest(self) -> str:
        """What was asked for when it was written; empty when unknown."""
        return self.annotations.get(DIGEST, "")

    @property
    def session(self) -> str:
        """The writer's Lease; empty when a human's `helm` wrote it."""
        return self.annotations.get(SESSION, "")

    @property
    def instance(self) -> str:
        """The engine process that wrote it."""
        return self.annotations.get(INSTANCE, "")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a resource's status, in any API generation."""

    type: str
    status: str
    """`True`, `False` or `Unknown`."""
    reason: str
    message: str
    changed: datetime | None = None
    """When `status` last took another value."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a resource's status said when it was last read or written."""

    generation: int = 0
    release_name: str = ""
    revision: int = 0
    """The revision in Helm's storage; 0 where there was none."""
    conditions: tuple[Condition, ...] = ()
    digest: str = ""
    """Of the status as written, times left out: what is equal is not sent again."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A HelmRelease of any generation, as far as it can be read without I/O."""

    key: Key
    uid: str
    resource_version: str
    generation: int
    created: datetime | None
    deleting: bool
    finalizers: tuple[str, ...]
    release: ReleaseRef
    chart: ChartRef
    values: bytes = b"{}"
    timeout: timedelta = timedelta(seconds=300)
    told: Told = field(default_factory=Told)
    problem: str = ""
    """What of the spec breaks a rule, the field named; empty when all is well."""

    @property
    def asks(self) -> tuple[object, ...]:
        """What, when it changes, is worth a turn at once; status is not in it."""
        return (self.uid, self.generation, self.deleting)


class Stage(StrEnum):
    """How far a HelmRelease is from what it asks for."""

    READY = "ready"
    WORKING = "working"
    WAITING = "waiting"
    """Failed or held up, and tried again by itself."""
    STALLED = "stalled"


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
    newest: Revision | None = None
    action: str = ""
    """The verb that failed or is under way: install, upgrade, uninstall ..."""
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Desired:
    """What a HelmRelease asks for, with everything it refers to resolved."""

    key: Key
    generation: int
    release: ReleaseRef
    chart: Chart | None
    """None only while the resource is being deleted."""
    values: bytes = b"{}"
    timeout: timedelta = timedelta(seconds=300)
    digest: str = ""
    """Digest over chart content, values and the options that change the outcome."""
    max_history: int = 10
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Attempts:
    """The failures since the last success of one asked-for state."""

    count: int = 0
    digest: str = ""
    """What failed; another digest starts anew."""
    retry_at: datetime | None = None
    cause: str = ""


class Writer(StrEnum):
    """What is known of who holds a pending revision."""

    NOBODY = "nobody"
    """Nothing is pending."""
    ALIVE = "alive"
    GONE = "gone"
    FOREIGN = "foreign"
    """No claim of ours: a human's `helm` or another tool."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What Helm's storage and the cluster hold for one HelmRelease, now."""

    newest: Revision | None = None
    writer: Writer = Writer.NOBODY
    foreign_until: datetime | None = None
    """When a foreign pending revision has outlived its own timeout."""
    name_holder: Key | None = None
    """The other HelmRelease that holds the release name."""
    former: Revision | None = None
    """The newest revision under the name that this HelmRelease had before."""
    attempts: Attempts = field(default_factory=Attempts)
    now: datetime | None = None


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


Decision = Nothing | Install | Upgrade | Unlock | Uninstall | Forget | Wait | Refuse
