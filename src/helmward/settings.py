"""What the command line decided, as plain frozen values.

`cli` builds these, `app` hands each room its own part. Durations are
timedeltas. No defaults are decided anywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from helmward.model import DriftMode

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
LEASE_DURATION = timedelta(seconds=30)
LEAST_LEASE = timedelta(seconds=3)
LISTEN = ":3030"
EXCLUDED = ("*metrics.k8s.io/*", "webhook.certmanager.k8s.io/*", "v1/Event")
"""What Flux v1 never asked for unless told otherwise."""


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
    drift: DriftMode = DriftMode.WARN
    """What is done about drift where a HelmRelease does not say."""


@dataclass(frozen=True, slots=True)
class RefSettings:
    """Which commits of a repository are followed; the last field that is given counts.

    None at all is the branch that the remote's HEAD names.
    """

    branch: str | None = None
    tag: str | None = None
    semver: str | None = None
    """A range; the newest tag in it counts."""
    name: str | None = None
    """A ref by its full name, as `refs/heads/main` or `refs/pull/1/head`."""
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Substitutes:
    """Variables from the entries of one ConfigMap or Secret."""

    kind: str
    name: str
    namespace: str | None = None
    """None: the default namespace of the repository."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class PathSettings:
    """One folder or file of a repository, that stands or falls by itself."""

    path: str = ""
    """Empty is the root."""
    build: str = "plain"
    """`plain`: every YAML file below it; `kustomize`; or `auto`: kustomize where a
    kustomization stands in the folder itself."""
    substitute: Mapping[str, str] = field(default_factory=dict)
    """Variables by name, after the build; with none here and below, nothing is substituted."""
    substitute_from: tuple[Substitutes, ...] = ()
    """Later ones win over earlier ones, `substitute` over all."""
    as_written: str = ""
    """How it was spelled, where that is not `path`: Flux v1's marks are made from it."""

    @property
    def spelled(self) -> str:
        """The path as whoever wrote the settings spelled it."""
        return self.as_written or self.path


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """Who must have signed what is applied."""

    mode: str = "none"
    """`none`; Flux v1's `all` and `first-parent`: up to the newest commit before which all
    are signed; Flux 2's `HEAD`, `Tag`, `TagAndHEAD`: that, or nothing new."""
    pgp_keys: tuple[Path, ...] = ()
    """Files (or folders of them) with OpenPGP public keys."""
    ssh_keys: tuple[Path, ...] = ()
    """Files with SSH public keys, or with allowed signers as ssh-keygen(1) has them."""


@dataclass(frozen=True, slots=True)
class PruneSettings:
    """What becomes of objects that git no longer has."""

    enabled: bool = False
    dry: bool = False
    """Only say what would be removed."""
    share: float = 0.5
    """A sync that would remove more than this part of its objects ..."""
    count: int = 3
    """... and more than so many of them, stops and asks."""


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Where the place in history is noted down besides in our own record."""

    mode: str = "cluster"
    """`cluster`: our own record alone; `git`: a tag as well; `secret`: an annotation on the
    Secret of the deploy key as well."""
    tag: str = "flux-sync"
    readonly: bool = False
    """Nothing is ever pushed."""
    user: str = "Weave Flux"
    email: str = "support@weave.works"
    signing_key: str = ""
    """Fingerprint or address of the key of `private_keys` that signs the tag."""
    private_keys: tuple[Path, ...] = ()
    """Files (or folders of them) with OpenPGP private keys."""


@dataclass(frozen=True, slots=True)
class DeployKeySettings:
    """The SSH key that Flux v1 made for itself, and its Secret in our own namespace."""

    secret: str = "flux-git-deploy"  # noqa: S105 (a name)
    entry: str = "identity"
    mount: Path = Path("/etc/fluxd/ssh")
    """Where a pod has the Secret; a key in it counts before the Secret's."""
    generate: bool = True
    """Whether a key is made where there is none and the remote is SSH."""
    bits: int | None = None
    kind: str | None = None
    """As `ssh-keygen -t` has it; None: ed25519."""


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """One repository of the Flux role: what is followed, and how it is applied."""

    url: str
    name: str = "main"
    """Names its record in the cluster, its status and its metrics; unique."""
    ref: RefSettings = field(default_factory=RefSettings)
    paths: tuple[PathSettings, ...] = (PathSettings(),)
    poll_interval: timedelta = GIT_POLL_INTERVAL
    sync_interval: timedelta = SYNC_INTERVAL
    timeout: timedelta = GIT_TIMEOUT
    sync_timeout: timedelta = SYNC_TIMEOUT
    default_namespace: str | None = None
    """For documents that name none; None: the kubeconfig's, else `default`."""
    ssh_key: Path | None = None
    """None: the deploy key, else Flux v1's /etc/fluxd/ssh/identity, where it exists."""
    known_hosts: Path | None = None
    """None: the host keys that come with Helmward, and those of the machine."""
    ssh_config: Path | None = None
    """An ssh_config(5) that chooses keys by host."""
    netrc: Path | None = None
    """Users and passwords by host, for https; None: ~/.netrc where it exists."""
    secret: str | None = None
    """A Secret in our own namespace with the login, entries as Flux 2 names them."""
    sops: bool = False
    """Whether files that SOPS has encrypted are opened."""
    git_secret: bool = False
    """Whether files that git-secret has hidden are opened."""
    generators: bool = False
    """Whether `.flux.yaml` counts, commands included."""
    prune: PruneSettings = field(default_factory=PruneSettings)
    verify: VerifySettings = field(default_factory=VerifySettings)
    state: StateSettings = field(default_factory=StateSettings)


@dataclass(frozen=True, slots=True)
class GitSettings:
    """The Flux role: the repositories, and what holds for all of them."""

    repositories: tuple[RepositorySettings, ...]
    allowed_namespaces: tuple[str, ...] = ()
    """The only ones that are touched; none: all of them."""
    excluded: tuple[str, ...] = EXCLUDED
    """Kinds that are never asked for, as `*metrics.k8s.io/*`: globs over group/version/kind."""
    deploy_key: DeployKeySettings = field(default_factory=DeployKeySettings)
    age_keys: tuple[Path, ...] = ()
    """Files with age identities, for files that SOPS has encrypted."""
    pgp_keys: tuple[Path, ...] = ()
    """Files (or folders of them) with OpenPGP private keys, for SOPS and git-secret."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The port of /metrics, /healthz and /readyz."""

    listen: str = LISTEN
    """`[host]:port`; an empty host is every address, port 0 is a free one."""
    listen_metrics: str | None = None
    """The same for /metrics alone, which is then served there only."""
    hook_secrets: Path | None = None
    """Folder with the secrets of webhooks, one file a provider."""


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
