"""What a preview has found out, as plain values; no I/O."""

from dataclasses import dataclass
from enum import StrEnum

from helmward.gitops.build import ObjectId


class Verb(StrEnum):
    """What would become of an object."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"


class Fate(StrEnum):
    """What would become of a Helm release."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    UNINSTALL = "uninstall"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"
    """It could not be rendered."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that would be made, changed or removed; nothing secret is in it."""

    id: ObjectId
    verb: Verb
    place: str = ""
    """Where it is written: `path:line`; in a chart the template."""
    lines: tuple[str, ...] = ()
    """A unified difference of its YAML, without the heads of the files."""
    fields: tuple[str, ...] = ()
    """What changes, as `spec.replicas`."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What the API server would not take."""

    id: ObjectId
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """What a HelmRelease would make of its release."""

    name: str
    """`namespace/name` of the HelmRelease."""
    release: str
    """`namespace/name` of the Helm release."""
    fate: Fate
    charts: tuple[str, str] = ("", "")
    """Name and version of the chart, before and after."""
    values: str = ""
    """What changes in the values, one line a place."""
    objects: tuple[ObjectChange, ...] = ()
    volumes: tuple[str, ...] = ()
    """PersistentVolumeClaims that an uninstall would leave or lose."""
    problem: str = ""
    """Why it could not be rendered."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that a commit would change by way of one repository."""

    repository: str
    subject: str
    """What was looked at: a folder, or a commit and what it was asked for as."""
    objects: tuple[ObjectChange, ...] = ()
    releases: tuple[ReleaseChange, ...] = ()
    refused: tuple[Refused, ...] = ()
    unchanged: int = 0
    ignored: int = 0
    braked: str = ""
    """Why nothing would be removed until somebody says so."""
    kept: tuple[tuple[ObjectId, str], ...] = ()
    """What git has no more and stays, and why."""
    notes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether applying it would change anything, or fail."""
        return bool(self.objects or self.releases or self.refused)

    def count(self, verb: Verb) -> int:
        """Return how many objects of git it would become so of."""
        return sum(one.verb is verb for one in self.objects)

    def inside(self, verb: Verb) -> int:
        """Return how many objects inside of releases it would become so of."""
        return sum(one.verb is verb for release in self.releases for one in release.objects)
