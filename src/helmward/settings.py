"""What the command line decided, as plain frozen values.

`cli` builds these, `app` hands each room its own part. Durations are
timedeltas. No defaults are decided anywhere else.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

CHARTS_SYNC_INTERVAL = timedelta(minutes=3)
GIT_POLL_INTERVAL = timedelta(minutes=5)
SYNC_INTERVAL = timedelta(minutes=5)
GIT_TIMEOUT = timedelta(seconds=20)
SYNC_TIMEOUT = timedelta(minutes=1)
GIT_DEFAULT_REF = "master"
CACHE_SIZE = 2 << 30
LARGEST_INDEX = 100 << 20
LARGEST_CHART = 20 << 20
WORKERS = 16
LEASE_DURATION = timedelta(seconds=15)
LEAST_LEASE = timedelta(seconds=3)
LISTEN = ":3030"


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Which cluster, and as whom."""

    kubeconfig: Path | None = None
    context: str | None = None
    master: str | None = None
    """Address of the API server; None: the one that the kubeconfig or the pod names."""
    session_namespace: str | None = None
    """Where the session's Lease is kept; None: the pod's own, else `default`."""
    lease_duration: timedelta = LEASE_DURATION
    """How long after its last sign of life an operator counts as gone."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the engine process is started with."""

    cache: Path | None = None
    """Where charts, indexes and documents are kept; None: a private temporary folder."""
    cache_size: int = CACHE_SIZE
    """Bytes that the folder may take."""
    largest_index: int = LARGEST_INDEX
    """Bytes of a repository's index."""
    largest_chart: int = LARGEST_CHART
    """Bytes of a chart's archive."""
    plugins: Path | None = None
    """Folder of Helm plugins of which the downloaders are used; None: none."""
    refuse_local: bool = False
    """Whether addresses of this very machine (loopback) are refused, as in a cluster."""


@dataclass(frozen=True, slots=True)
class GitChartSettings:
    """Charts in git."""

    default_ref: str = GIT_DEFAULT_REF
    """What is taken where a HelmRelease names no ref."""
    poll_interval: timedelta = GIT_POLL_INTERVAL
    timeout: timedelta = GIT_TIMEOUT
    """Of one git command."""
    update_dependencies: bool = True
    ssh_key: Path | None = None
    """None: Flux v1's /etc/fluxd/ssh/identity, where it exists."""
    known_hosts: Path | None = None
    """None: the host keys that come with Helmward, and those of the machine."""
    ssh_config: Path | None = None
    """An ssh_config(5) that chooses keys by host."""
    netrc: Path | None = None
    """Users and passwords by host, for https; None: ~/.netrc where it exists."""


@dataclass(frozen=True, slots=True)
class ChartSettings:
    """Where charts and values may come from."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    git: GitChartSettings = field(default_factory=GitChartSettings)
    imported: tuple[Path, ...] = ()
    """Helm's repositories.yaml files, whose credentials count for their URLs."""
    policies: Path | None = None
    """What holds for repositories by their URL: signatures, transport."""
    allowed: tuple[str, ...] = ()
    """Prefixes of the URLs that may be asked; none allows all."""
    defaults: tuple[str, ...] = ()
    """ConfigMaps and Secrets with values below those of every HelmRelease."""
    age_keys: tuple[Path, ...] = ()
    """Files with age identities, for values that SOPS has encrypted."""
    pgp_keys: tuple[Path, ...] = ()
    """Files with OpenPGP private keys, for the same."""
    hook_secrets: Path | None = None
    """Folder with the secrets of webhooks, one file a provider."""


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """The Helm Operator role."""

    workers: int = WORKERS
    charts_sync_interval: timedelta = CHARTS_SYNC_INTERVAL
    allow_namespace: str | None = None
    """The only namespace whose HelmReleases are served; None: all of them."""
    charts: ChartSettings = field(default_factory=ChartSettings)
    log_release_diffs: bool = False
    """Whether what an upgrade changes is logged."""


@dataclass(frozen=True, slots=True)
class GitSettings:
    """The Flux role: one repository, one branch, some paths."""

    url: str
    branch: str | None = None
    """None: the branch that the remote's HEAD names."""
    paths: tuple[str, ...] = ()
    """Folders below the root; none: the whole tree."""
    poll_interval: timedelta = GIT_POLL_INTERVAL
    sync_interval: timedelta = SYNC_INTERVAL
    timeout: timedelta = GIT_TIMEOUT
    sync_timeout: timedelta = SYNC_TIMEOUT
    default_namespace: str | None = None
    """For documents that name none; None: the kubeconfig's, else `default`."""
    ssh_key: Path | None = None
    known_hosts: Path | None = None


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The port of /metrics, /healthz and /readyz."""

    listen: str = LISTEN
    """`[host]:port`; an empty host is every address, port 0 is a free one."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of it. A role that is None does not run."""

    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    releases: ReleaseSettings | None = None
    git: GitSettings | None = None
    web: WebSettings = field(default_factory=WebSettings)
    log_format: str = "auto"
    """`auto`: human on a terminal, JSON otherwise; `fmt` or `json` by choice."""
    log_level: str = "info"
    notes: tuple[str, ...] = ()
    """What was said in vain, to be warned of once."""
