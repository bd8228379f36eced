"""What Prometheus learns of releases: the old operator's metrics, and ours beside them.

Fed by `Reporter` alone. Labels hold names only, never a message.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from helmward.model import Account, Declared, Stage, Told
from helmward.releases.drift import News
from helmward.releases.durations import FINE, PREFIX, Durations
from helmward.releases.standings import Standing, Standings, standing

READY: Final = "Ready"


class Meters:
    """The metrics of the release role; one for all generations."""

    def __init__(self, registry: CollectorRegistry, queue_length: Callable[[], float]) -> None:
        self.releases = Gauge(f"{PREFIX}_release_count", "HelmReleases served.", registry=registry)
        Gauge(
            f"{PREFIX}_release_queue_length_count",
            "HelmReleases that wait for a worker.",
            registry=registry,
        ).set_function(queue_length)
        self.turns = Counter(
            "helmward_turns", "Turns of HelmReleases.", ("outcome",), registry=registry
        )
        self.checks = Counter(
            "helmward_checks",
            "Checks of HelmReleases that found everything as it was, and needed no turn.",
            registry=registry,
        )
        self.actions = Histogram(
            "helmward_action_duration_seconds",
            "Seconds that Helm's verbs took, over all releases.",
            ("action", "success"),
            buckets=FINE,
            registry=registry,
        )
        self.waits = Histogram(
            "helmward_release_wait_seconds",
            "Seconds that releases waited until their workloads were ready, or gave up.",
            buckets=FINE,
            registry=registry,
        )
        self.references = Gauge(
            "helmward_references_watched",
            "ConfigMaps and Secrets that HelmReleases refer to.",
            registry=registry,
        )
        self.detected = Counter(
            "helmward_drift_detected", "Objects that were found changed.", registry=registry
        )
        self.corrected = Counter(
            "helmward_drift_corrected", "Objects that were put right.", registry=registry
        )
        self.contested = Counter(
            "helmward_drift_contested",
            "Objects whose correction was undone so often that it is a fight.",
            registry=registry,
        )
        self._durations = Durations()
        self._standings = Standings()
        registry.register(self._durations)
        registry.register(self._standings)

    def told(self, declared: Declared, account: Account, told: Told, now: datetime) -> None:
        """Take over how a HelmRelease stands."""
        before = self._standings.known.get(declared.key)
        new = standing(declared, account, told)
        since = _pending_since(new, before, told, now)
        phase = before.phase if before else ""
        if account.drift is None and before:
            new = replace(new, drifted=before.drifted)  # nobody could know: as it was
        self._standings.known[declared.key] = replace(new, pending_since=since, phase=phase)
        self._durations.follow(declared.key, declared.release)

    def phase(self, declared: Declared, name: str) -> None:
        """Note how far the action under way has come; an empty name ends it."""
        before = self._standings.known.get(declared.key)
        if before is None and name:
            before = Standing(declared.key, declared.release, Stage.WORKING)
        if before is not None:
            self._standings.known[declared.key] = replace(before, phase=name)

    def acted(self, action: str, declared: Declared, seconds: float, *, success: bool) -> None:
        """Count an action."""
        self.actions.labels(action, str(success).lower()).observe(seconds)
        self._durations.add(declared.key, declared.release, action, seconds, success=success)

    def drifted(self, news: News) -> None:
        """Count what was found changed, put right, or fought over."""
        self.detected.inc(len(news.detected))
        self.corrected.inc(len(news.corrected))
        self.contested.inc(len(news.contested))

    def forget(self, declared: Declared) -> None:
        """Drop every series of a HelmRelease."""
        self._standings.known.pop(declared.key, None)
        self._durations.forget(declared.key)


def _pending_since(
    new: Standing, before: Standing | None, told: Told, now: datetime
) -> float | None:
    """Return since when it is not Ready, also where that began before this process."""
    if new.stage is Stage.READY:
        return None
    if before and before.pending_since is not None:
        return before.pending_since
    changed = (one.changed for one in told.conditions if one.type == READY and one.changed)
    return (next(changed, None) or now).timestamp()
