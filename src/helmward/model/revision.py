"""Helm's storage as nouns: who writes a revision, and what its Secret tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
CONTENT: Final = f"{DOMAIN}/content"
"""Annotation of a release Secret: the digest of the chart's content."""
ORPHANED: Final = f"{DOMAIN}/orphaned"
"""Annotation of a release Secret: the HelmRelease, by its uid, that went without being let go."""
COMMIT: Final = f"{DOMAIN}/commit"
"""Annotation of a release Secret: the commit that the chart came from; charts in git only."""
SESSION: Final = f"{DOMAIN}/session"
"""Annotation of a release Secret: `<namespace>/<name>` of the writer's Lease."""
EPOCH: Final = f"{DOMAIN}/epoch"
PHASE: Final = f"{DOMAIN}/phase"
DEADLINE: Final = f"{DOMAIN}/deadline"
"""Annotation of a release Secret: until when its writer may write, RFC 3339."""
INSTANCE: Final = f"{DOMAIN}/instance"
"""Annotation of a release Secret: the engine process that writes it."""

VOLUMES: Final = f"{DOMAIN}/volumes"
"""Annotation of a release Secret: PersistentVolumeClaims that its manifest makes."""
TESTS: Final = f"{DOMAIN}/tests"
"""Annotation of a release Secret: how many test hooks its chart has; absent for none."""
TESTED: Final = f"{DOMAIN}/tested"
"""Annotation of a release Secret: `passed` or `failed`, once its tests have run."""
FAILED_DIGEST: Final = f"{DOMAIN}/rolled-back-from"
"""Annotation of a revision made by a rollback: the digest that had failed."""
FORCED: Final = f"{DOMAIN}/forced"
"""Annotation of a revision: the `forceAt` token that asked for it."""
HIDDEN: Final = f"{DOMAIN}/secret-values"
"""Annotation of a release Secret: where in its values Secrets stand, JSON lists of keys."""
OUTCOME: Final = f"{DOMAIN}/outcome"
"""Annotation of a revision that did not end by its own: `superseded`, `cancelled` or `broken`."""
ROLLBACKS: Final = f"{DOMAIN}/rollbacks"
"""Annotation of a revision made by a rollback: how many there were in a row."""

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

    @classmethod
    def of_owner(cls, owner: str) -> "Key | None":
        """Read such a word; None when it is none."""
        api, _, path = owner.partition(":")
        namespace, _, name = path.partition("/")
        return cls(api, namespace, name) if api and namespace and name else None


@dataclass(frozen=True, slots=True, order=True)
class ReleaseRef:
    """Identity of a Helm release: where it and its storage are, and its name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Read as people write it: `namespace/name`."""
        return f"{self.namespace}/{self.name}"


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
    def orphaned(self) -> str:
        """The uid of its HelmRelease, when that went and the release is to go too."""
        return self.annotations.get(ORPHANED, "")

    @property
    def content(self) -> str:
        """The digest of its chart; empty when unknown."""
        return self.annotations.get(CONTENT, "")

    @property
    def commit(self) -> str:
        """The commit that its chart came from; empty when it came from no git repository."""
        return self.annotations.get(COMMIT, "")

    @property
    def session(self) -> str:
        """The writer's Lease; empty when a human's `helm` wrote it."""
        return self.annotations.get(SESSION, "")

    @property
    def instance(self) -> str:
        """The engine process that wrote it."""
        return self.annotations.get(INSTANCE, "")

    @property
    def phase(self) -> str:
        """How far its writer came: applying, waiting or done."""
        return self.annotations.get(PHASE, "")

    @property
    def volumes(self) -> str:
        """The PersistentVolumeClaims that it makes, named; empty when it makes none."""
        return self.annotations.get(VOLUMES, "")

    @property
    def has_tests(self) -> bool:
        """Whether its chart brings test hooks."""
        return TESTS in self.annotations

    @property
    def tested(self) -> str:
        """`passed` or `failed`; empty while its tests did not run."""
        return self.annotations.get(TESTED, "")

    @property
    def failed_digest(self) -> str:
        """What had failed when a rollback made this revision; empty for all others."""
        return self.annotations.get(FAILED_DIGEST, "")

    @property
    def outcome(self) -> str:
        """How it was ended from outside: superseded, cancelled or broken; else empty."""
        return self.annotations.get(OUTCOME, "")

    @property
    def forced(self) -> str:
        """The token that asked for it without another cause; else empty."""
        return self.annotations.get(FORCED, "")

    @property
    def good(self) -> bool:
        """Whether it was in force once and may be gone back to."""
        was = self.status in {Status.DEPLOYED, Status.SUPERSEDED}
        return was and not self.outcome and self.tested != "failed"

    @property
    def rollbacks(self) -> int:
        """How many rollbacks in a row this revision is the last of."""
        text = self.annotations.get(ROLLBACKS, "")
        return int(text) if text.isdecimal() else 0
