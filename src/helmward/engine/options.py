"""What calls of the engine may ask for besides their arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from helmward.model import ValuesPolicy

OnPhase = Callable[[str, str], None]
"""Told a phase (rendering, claiming, hooks, applying, waiting, recording) and its detail."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator's own credentials, said in so many words."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody whom the API server is to see instead of the operator."""

    name: str
    groups: tuple[str, ...] = ()


OPERATOR: Final = Operator()
Identity = Operator | User


@dataclass(frozen=True, slots=True)
class ActionOptions:
    """How Helm performs a verb."""

    timeout: timedelta = timedelta(seconds=300)
    """Of each of Helm's operations: a hook, a wait."""
    wait: bool = False
    max_history: int = 10
    """Revisions kept; 0 keeps all."""
    take_ownership: bool = False
    force_conflicts: bool = True
    """Fields that others set on the release's own objects become ours again."""
    disable_hooks: bool = False
    skip_crds: bool = False
    create_namespace: bool = False
    disable_schema_validation: bool = False
    force: bool = False
    """Delete and create anew what cannot be changed in place."""
    values_policy: ValuesPolicy = ValuesPolicy.RESET
    disable_openapi_validation: bool = False
    """Drop fields that the API server does not know instead of refusing them."""
    to_revision: int = 0
    """Of a rollback: the revision to go back to."""
    recreate: bool = False
    """Of a rollback: restart the pods of the release's workloads."""
    cleanup: bool = False
    """Of tests: delete their pods and jobs when they have ended."""
    stamp: bool = False
    """Another writer's claim was broken just before: move every object's version."""


@dataclass(frozen=True, slots=True)
class WriterId:
    """In whose name a revision is written, and for how long that holds."""

    session: str = ""
    """`<namespace>/<name>` of the session's Lease."""
    epoch: int = 0
    valid: timedelta = timedelta(0)
    """How long the session may write unless it is renewed; 0: the deadline alone counts."""


NOBODY_WRITES: Final = WriterId()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A revision beside what is asked for."""

    same: bool
    difference: str = ""
    owner: str = ""
    """What the owner annotation of the revision's objects says; empty without one."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an object is ready."""

    ready: bool
    why: str = ""
    """Why it is not, in plain words."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a chart renders to."""

    manifest: str
    notes: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a revision, besides what its metadata tells."""

    manifest: str = ""
    notes: str = ""
    values: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Stats:
    """What the engine process costs and has done."""

    helm_version: str
    kubernetes_version: str
    instance: str
    rss_bytes: int
    cpu_ms: int
    api_requests: int
    index_requests: int
    chart_downloads: int
    charts_cached: int
    releases_cached: int
    goroutines: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one action cost."""

    api_requests: int
    duration: timedelta
