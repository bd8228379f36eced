"""What Prometheus learns of syncs: Flux v1's metrics, and ours beside them.

One `GitMeters` a process; each repository feeds its own part of it through
`Reporter` alone. Flux's metrics know no repositories: they speak of all of them.
Labels hold names only, never a message.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS: Final = (0.1, 0.5, 1, 5, 10, 20, 30, 40, 50, 60, 75, 90, 120, 240)
STATES: Final = ("applied", "refused", "ignored")
ACTIONS: Final = ("created", "changed", "healed", "removed")


@dataclass(frozen=True, slots=True)
class Figures:
    """How one repository stands, in numbers."""

    reachable: bool = False
    ready: bool = False
    suspended: bool = False
    braked: bool = False
    ref: str = ""
    commit: str = ""
    synced_at: datetime | None = None
    objects: tuple[int, int, int] = (0, 0, 0)
    """As `STATES` has them."""


class GitMeters:
    """The metrics of the git role."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.duration = Histogram(
            "flux_daemon_sync_duration_seconds",
            "Duration of git-to-cluster synchronisation, in seconds.",
            ["success"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._manifests = Gauge(
            "flux_daemon_sync_manifests",
            "Number of manifests being synchronised to the cluster.",
            ["success"],
            registry=registry,
        )
        self._git_ready = Gauge(
            "flux_git_ready", "Whether every git repository answers.", registry=registry
        )
        self._info = Gauge(
            "helmward_git_commit_info",
            "The commit in force; always 1.",
            ["repository", "ref", "commit"],
            registry=registry,
        )
        self._gauges = {
            name: Gauge(f"helmward_git_{name}", words, ["repository"], registry=registry)
            for name, words in (
                ("ready", "Whether the newest commit is in force to the last object."),
                ("reachable", "Whether the repository answered when it was asked last."),
                ("suspended", "Whether somebody asked for it to be left alone."),
                ("braked", "Whether a removal waits until somebody approves it."),
                ("last_sync_timestamp_seconds", "When the last whole sync ended."),
            )
        }
        self._objects = Gauge(
            "helmward_git_objects",
            "Objects of the commit in force, by state.",
            ["repository", "state"],
            registry=registry,
        )
        self.written = Counter(
            "helmward_git_writes",
            "Objects that syncs have written, by what was done.",
            ["repository", "action"],
            registry=registry,
        )
        self._figures: dict[str, Figures] = {}

    def of(self, repository: str) -> "RepositoryMeters":
        """Return the part of one repository."""
        return RepositoryMeters(self, repository)

    def show(self, repository: str, figures: Figures) -> None:
        """Take over how one repository stands."""
        before = self._figures.get(repository, Figures())
        self._figures[repository] = figures
        self._show_of_all()
        if before.commit and (before.ref, before.commit) != (figures.ref, figures.commit):
            self._info.remove(repository, before.ref, before.commit)
        if figures.commit:
            self._info.labels(repository, figures.ref, figures.commit).set(1)
        for name in ("ready", "reachable", "suspended", "braked"):
            self._gauges[name].labels(repository).set(getattr(figures, name))
        if figures.synced_at:
            gauge = self._gauges["last_sync_timestamp_seconds"]
            gauge.labels(repository).set(figures.synced_at.timestamp())
        for state, count in zip(STATES, figures.objects, strict=True):
            self._objects.labels(repository, state).set(count)

    def forget(self, repository: str) -> None:
        """Drop how a repository stands: another process tells it from now on."""
        figures = self._figures.pop(repository, None)
        if figures is None:
            return
        self._show_of_all()
        if figures.commit:
            self._info.remove(repository, figures.ref, figures.commit)
        for gauge in self._gauges.values():
            # One that never was is no error.
            gauge.remove_by_labels({"repository": repository})
        self._objects.remove_by_labels({"repository": repository})

    def _show_of_all(self) -> None:
        every = self._figures.values()
        self._git_ready.set(all(one.reachable for one in every))
        for success, index in (("true", 0), ("false", 1)):
            total = sum(one.objects[index] for one in every)
            self._manifests.labels(success=success).set(total)


@dataclass(slots=True)
class RepositoryMeters:
    """What one repository tells."""

    _all: GitMeters
    _repository: str
    _begun: bool = field(default=False)

    def took(self, seconds: float, *, ok: bool) -> None:
        """Count one sync that ended, or failed as a whole."""
        self._all.duration.labels(success=str(ok).lower()).observe(seconds)

    def wrote(
        self, *, created: int = 0, changed: int = 0, healed: int = 0, removed: int = 0
    ) -> None:
        """Count what one sync wrote."""
        for action, count in zip(ACTIONS, (created, changed, healed, removed), strict=True):
            self._all.written.labels(self._repository, action).inc(count)

    def forget(self) -> None:
        """Tell no more how things stand: this process leads no longer."""
        self._all.forget(self._repository)

    def stands(self, figures: Figures) -> None:
        """Show how things stand."""
        if not self._begun:
            # A counter that is absent until the first heal has no rate when it comes.
            self.wrote()
            self._begun = True
        self._all.show(self._repository, figures)
