"""What a HelmRelease of any generation asks for, and what its status said."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from helmward.model.dependency import Dependency
from helmward.model.drift import DriftPolicy
from helmward.model.revision import DOMAIN, Key, ReleaseRef
from helmward.model.source import SourceOptions

SUSPEND: Final = f"{DOMAIN}/suspend"
"""Annotation of a HelmRelease: `true` leaves its release alone until it goes."""
VOLUMES_MAY_GO: Final = f"{DOMAIN}/volumes"
"""Annotation of a HelmRelease: `delete` lets an uninstall take its PersistentVolumeClaims."""
TAKE_OWNERSHIP: Final = f"{DOMAIN}/take-ownership"
"""Annotation of a HelmRelease: `true` takes objects that exist and belong to no release."""
REQUESTED_AT: Final = "reconcile.fluxcd.io/requestedAt"
FORCE_AT: Final = "reconcile.fluxcd.io/forceAt"
RESET_AT: Final = "reconcile.fluxcd.io/resetAt"

FIVE_MINUTES: Final = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class ChartRef:
    """Which chart is asked for; `version` may be a semver range."""

    repository: str
    name: str
    version: str
    pull_secret: str = ""
    """Secret of the HelmRelease's namespace with the repository's credentials."""

    @property
    def exact(self) -> bool:
        """Whether the version is one version and no range."""
        return bool(_EXACT.fullmatch(self.version))


_EXACT: Final = re.compile(
    r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?([+_][0-9A-Za-z.-]+)?|sha256:[0-9a-f]{64}"
)


@dataclass(frozen=True, slots=True)
class GitChart:
    """A chart in a folder of a git repository."""

    url: str
    path: str
    ref: str = ""
    secret_namespace: str = ""
    secret_name: str = ""
    skip_dep_update: bool = False

    @property
    def name(self) -> str:
        """The folder, which is what people call the chart."""
        return self.path.rstrip("/").rpartition("/")[2] or self.url


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that the engine holds, named by the digest of its archive."""

    digest: str
    name: str
    version: str
    app_version: str = ""
    stale_reason: str = ""
    """Why the source could not be asked, when a kept copy is used."""
    commit: str = ""
    """Of a chart in git: the commit that was head when this content was first seen."""
    signed_by: str = ""
    """Who has signed it, where that was asked for."""
    known_for: timedelta = field(default=timedelta(0), compare=False)
    """How long before it was asked for its source had been asked."""

    @property
    def revision(self) -> str:
        """What a status calls the chart's revision: the commit, else the version."""
        return self.commit or self.version

    def __str__(self) -> str:
        """Read as Helm's archives are named."""
        return f"{self.name}-{self.version}"


class SourceKind(StrEnum):
    """Where values may come from."""

    CONFIG_MAP = "configMapKeyRef"
    SECRET = "secretKeyRef"  # noqa: S105  # the name of a field
    EXTERNAL = "externalSourceRef"
    CHART_FILE = "chartFileRef"


@dataclass(frozen=True, slots=True)
class ValuesSource:
    """One entry of `valuesFrom` or `valueFileSecrets`."""

    kind: SourceKind
    field: str
    """Where it stands in the spec, such as `spec.valuesFrom[2].secretKeyRef`."""
    namespace: str = ""
    name: str = ""
    key: str = "values.yaml"
    location: str = ""
    """URL of an external source, path of a file in the chart."""
    target: str = ""
    """The path that the text itself is set at, in Helm's `--set` notation; empty: it is YAML."""
    literal: bool = False
    """Whether a text with a target is taken as it is, rather than read as `--set` reads it."""
    optional: bool = False
    lenient: bool = True
    """Whether `optional` also skips what is not YAML; v1beta1 Secrets are strict."""


class ValuesPolicy(StrEnum):
    """What an upgrade does with the values of the revision before."""

    RESET = "reset"
    REUSE = "reuse"
    REUSE_WHEN_EMPTY = "reuse-when-empty"


@dataclass(frozen=True, slots=True)
class RollbackPolicy:
    """What follows a failed upgrade."""

    enable: bool = False
    retry: bool = False
    max_retries: int = 5
    """0: without end."""
    force: bool = False
    recreate: bool = False
    disable_hooks: bool = False
    wait: bool = False
    timeout: timedelta = FIVE_MINUTES


@dataclass(frozen=True, slots=True)
class TestPolicy:
    """Whether Helm's tests decide over success."""

    __test__ = False
    """Not a test of ours, whatever pytest thinks of the name."""

    enable: bool = False
    ignore_failures: bool = False
    cleanup: bool = True
    timeout: timedelta = FIVE_MINUTES


@dataclass(frozen=True, slots=True)
class ReleaseOptions:
    """How Helm's verbs are performed for one HelmRelease."""

    timeout: timedelta = FIVE_MINUTES
    wait: bool = False
    """Whether a revision counts as deployed only once its workloads are ready."""
    install_waits: bool = True
    """Whether `wait` holds for the install too; v1beta1 waits for upgrades alone."""
    force: bool = False
    values_policy: ValuesPolicy = ValuesPolicy.RESET
    skip_crds: bool = False
    disable_openapi_validation: bool = False
    max_history: int = 10
    rollback: RollbackPolicy = field(default_factory=RollbackPolicy)
    test: TestPolicy = field(default_factory=TestPolicy)


@dataclass(frozen=True, slots=True)
class Commands:
    """What annotations (and `spec.suspend`, where there is one) tell us to do."""

    suspend: bool = False
    requested_at: str = ""
    force_at: str = ""
    reset_at: str = ""
    volumes_may_go: bool = False
    take_ownership: bool = False


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
    release_namespace: str = ""
    """Where that release is; empty: the resource's own namespace."""
    revision: int = 0
    """The revision in Helm's storage; 0 where there was none."""
    requested_at: str = ""
    """The last `requestedAt` that was acted on; the two below likewise."""
    force_at: str = ""
    reset_at: str = ""
    attempted: str = ""
    """Chart version (or commit) of the last attempt."""
    deployed: str = ""
    """Chart version (or commit) that was last seen deployed."""
    phase: str = ""
    """The generation's one word for the stage, where it has one."""
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
    chart: ChartRef | GitChart
    values: bytes = b"{}"
    values_from: tuple[ValuesSource, ...] = ()
    """Lowest first; `values` lie over all of them."""
    options: ReleaseOptions = field(default_factory=ReleaseOptions)
    commands: Commands = field(default_factory=Commands)
    source: SourceOptions = field(default_factory=SourceOptions)
    """How the chart's source is to be spoken to."""
    drift: DriftPolicy = field(default_factory=DriftPolicy)
    depends_on: tuple[Dependency, ...] = ()
    antecedent: tuple[str, str] = ("", "")
    """Annotation, key and value, that says on each object whose it is."""
    told: Told = field(default_factory=Told)
    gone: bool = False
    """It is not in the cluster any more, though nobody had let it go."""
    problem: str = ""
    """What of the spec breaks a rule, the field named; empty when all is well."""

    @property
    def timeout(self) -> timedelta:
        """Of each of Helm's operations."""
        return self.options.timeout

    @property
    def moves(self) -> bool:
        """Whether what it refers to may have changed by itself since somebody looked."""
        exact = isinstance(self.chart, ChartRef) and self.chart.exact
        return not exact or any(one.kind is SourceKind.EXTERNAL for one in self.values_from)

    @property
    def asked(self) -> tuple[object, ...]:
        """What, when it changes, is something new: its failures count anew."""
        return (self.uid, self.generation, self.deleting)

    @property
    def asks(self) -> tuple[object, ...]:
        """What, when it changes, is worth a turn at once; status is not in it."""
        return (*self.asked, self.commands, self.source, self.drift, self.depends_on)
