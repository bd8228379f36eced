"""How long Helm's verbs took: one table, told under the three names it ever had.

Fed by `Meters`. A full histogram of the client library costs kilobytes a
series; here it is a list of numbers, and the deprecated names cost nothing.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from helmward.model import Key, ReleaseRef

BUCKETS: Final = (1, 5, 10, 30, 60, 120, 180, 300, 600, 1800)
"""The old operator's: a query for one of them must find it."""
FINE: Final = (0.05, 0.1, 0.25, 0.5, *BUCKETS)
"""For what is counted over all releases, where a bucket more costs nothing."""
PREFIX: Final = "flux_helm_operator"
SYNC: Final = "sync"
"""A whole turn, as the old operator called it."""
OLD_WORDS: Final = {"adopt": "annotate", "compare": "dry-run-compare"}
"""Verbs that the old operator had other words for."""


@dataclass(slots=True)
class Tally:
    """One histogram."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return upper bounds with how many lie below, as Prometheus has it."""
        bounds = (*(str(float(bound)) for bound in BUCKETS), "+Inf")
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


class Durations(Collector):
    """Seconds by release, verb and success; gone when nobody declares the release any more."""

    def __init__(self) -> None:
        self._tallies: dict[ReleaseRef, dict[tuple[str, bool], Tally]] = {}
        self._release_of: dict[Key, ReleaseRef] = {}
        self._declared_by: Counter[ReleaseRef] = Counter()

    def add(
        self, key: Key, release: ReleaseRef, action: str, seconds: float, *, success: bool
    ) -> None:
        """Count one action that was done for a HelmRelease."""
        self.follow(key, release)
        tallies = self._tallies.setdefault(release, {})
        tallies.setdefault((OLD_WORDS.get(action, action), success), Tally()).add(seconds)

    def follow(self, key: Key, release: ReleaseRef) -> None:
        """Learn which release a HelmRelease declares; what it declared before is dropped."""
        if self._release_of.get(key) != release:
            self.forget(key)
            self._release_of[key] = release
            self._declared_by[release] += 1

    def forget(self, key: Key) -> None:
        """Drop what was counted for a HelmRelease, unless another one shares the release."""
        release = self._release_of.pop(key, None)
        if release is None:
            return
        self._declared_by[release] -= 1
        if not self._declared_by[release]:
            del self._declared_by[release]
            self._tallies.pop(release, None)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Tell all of it under the present name and the two deprecated ones."""
        actions, syncs, phases = _families()
        for release, tallies in list(self._tallies.items()):
            where = [release.namespace, release.name]
            for (action, success), tally in list(tallies.items()):
                labels, buckets = [str(success).lower(), *where], tally.buckets()
                actions.add_metric([action, *labels], buckets, tally.total)
                if action == SYNC:
                    syncs.add_metric(labels, buckets, tally.total)
                else:
                    phases.add_metric([action, *labels], buckets, tally.total)
        yield from (actions, syncs, phases)


def _families() -> tuple[HistogramMetricFamily, HistogramMetricFamily, HistogramMetricFamily]:
    return (
        HistogramMetricFamily(
            f"{PREFIX}_release_action_duration_seconds",
            "Seconds that each action on a release took; `sync` is a whole turn.",
            labels=("action", "success", "target_namespace", "release_name"),
        ),
        HistogramMetricFamily(
            f"{PREFIX}_release_duration_seconds",
            "Deprecated: the action `sync` of release_action_duration_seconds.",
            labels=("success", "namespace", "release_name"),
        ),
        HistogramMetricFamily(
            f"{PREFIX}_release_phase_duration_seconds",
            "Deprecated: all other actions of release_action_duration_seconds.",
            labels=("action", "success", "namespace", "release_name"),
        ),
    )
