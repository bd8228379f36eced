"""What users read: status, events and metrics; nothing else writes them.

`loop` hands over an account of what was found and done. The words of the
status are the generation's; what has not changed is not sent again.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from helmward.apis import Generation
from helmward.errors import NotFound
from helmward.kube import Kube
from helmward.model import Account, Declared, Stage, Told
from helmward.runtime.events import EventRecorder, Regarding

log = structlog.get_logger("helmward.releases")

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60, 120, 180, 300, 600, 1800)
PREFIX = "flux_helm_operator"


class Meters:
    """The old operator's metrics under their names, fed by `Reporter`."""

    def __init__(self, registry: CollectorRegistry, queue_length: Callable[[], float]) -> None:
        self.releases = Gauge(f"{PREFIX}_release_count", "HelmReleases served.", registry=registry)
        Gauge(
            f"{PREFIX}_release_queue_length_count",
            "HelmReleases that wait for a worker.",
            registry=registry,
        ).set_function(queue_length)
        self.conditions = Gauge(
            f"{PREFIX}_release_condition_info",
            "Conditions: -1 false, 0 unknown, 1 true.",
            ("target_namespace", "release_name", "condition"),
            registry=registry,
        )
        self.actions = Histogram(
            f"{PREFIX}_release_action_duration_seconds",
            "Seconds that Helm's verbs took.",
            ("action", "success", "target_namespace", "release_name"),
            buckets=BUCKETS,
            registry=registry,
        )
        self.turns = Counter(
            "helmward_turns", "Turns of HelmReleases.", ("outcome",), registry=registry
        )


class Reporter:
    """Writes the status of one generation's HelmReleases, their events and metrics."""

    def __init__(
        self, kube: Kube, generation: Generation, recorder: EventRecorder, meters: Meters
    ) -> None:
        self._kube = kube
        self._generation = generation
        self._recorder = recorder
        self._meters = meters
        self._told: dict[str, Told] = {}

    def told(self, declared: Declared) -> Told:
        """Return what the status says, also before the watch has brought it back."""
        return self._told.get(declared.uid, declared.told)

    async def report(self, declared: Declared, account: Account) -> bool:
        """Write the status if it says something new, and tell whether it did.

        Raises:
            ClusterUnavailable: the status is written at the next turn.
        """
        before = self.told(declared)
        status, told = self._generation.status(account, before, datetime.now(UTC))
        self._measure(declared, told)
        if told.digest == before.digest:
            return False
        key = declared.key
        try:
            await self._kube.replace_status(
                self._generation.resource, key.name, key.namespace, status
            )
        except NotFound:
            return False
        self._told[declared.uid] = told
        return True

    def event(self, declared: Declared, account: Account) -> None:
        """Tell of something that happened, as a Kubernetes Event and a log line."""
        warning = account.stage in {Stage.WAITING, Stage.STALLED}
        reason = "FailedReleaseSync" if warning else "ChartSynced"
        about = _regarding(self._generation, declared)
        self._recorder.record(about, reason, account.message, warning=warning)
        write = log.warning if warning else log.info
        write(
            account.message,
            resource=str(declared.key),
            release=str(account.release),
            action=account.action or None,
            reason=account.reason,
        )

    def acted(self, action: str, account_of: Declared, seconds: float, *, success: bool) -> None:
        """Count an action of Helm's."""
        release = account_of.release
        labels = (action, str(success).lower(), release.namespace, release.name)
        self._meters.actions.labels(*labels).observe(seconds)

    def turned(self, stage: Stage) -> None:
        """Count a turn."""
        self._meters.turns.labels(stage).inc()

    def forget(self, declared: Declared) -> None:
        """Drop what is kept of a resource that is gone, its metrics too."""
        told = self._told.pop(declared.uid, declared.told)
        release = declared.release
        for one in told.conditions:
            with suppress(KeyError):
                self._meters.conditions.remove(release.namespace, release.name, one.type)

    def _measure(self, declared: Declared, told: Told) -> None:
        values = {"True": 1, "False": -1}
        release = declared.release
        for one in told.conditions:
            gauge = self._meters.conditions.labels(release.namespace, release.name, one.type)
            gauge.set(values.get(one.status, 0))


def _regarding(generation: Generation, declared: Declared) -> Regarding:
    resource, key = generation.resource, declared.key
    return Regarding(resource.api_version, resource.kind, key.namespace, key.name, declared.uid)
