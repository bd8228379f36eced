"""What Prometheus learns of the watches for drift; `Awake` feeds it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from helmward.releases.awake.inventory import GroupKind
from helmward.releases.awake.watching import State


class WatchMeters:
    """How each kind is followed, and how many objects are in sight."""

    def __init__(self, registry: CollectorRegistry, in_sight: Callable[[], float]) -> None:
        self._watch = Gauge(
            "helmward_drift_watch",
            "Kinds of which releases have objects: watched, polled (no right to watch) or absent.",
            ("kind", "state"),
            registry=registry,
        )
        Gauge(
            "helmward_drift_objects",
            "Objects that are followed so that changes to them are seen.",
            registry=registry,
        ).set_function(in_sight)
        self._told: dict[GroupKind, State] = {}

    def tell(self, kind: GroupKind, state: State) -> bool:
        """Note how a kind is followed now; true when that is news."""
        if state is self._told.get(kind):
            return False
        self.forget(kind)
        if state is not State.STARTING:
            self._told[kind] = state
            self._watch.labels(str(kind), state).set(1)
        return True

    def forget(self, kind: GroupKind) -> None:
        """Drop the series of a kind that is not followed any more."""
        if before := self._told.pop(kind, None):
            self._watch.remove(str(kind), before)
