"""What a contestant installs and upgrades: a chart, and two sets of values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.results import Verb

HERE: Final = Path(__file__).parent
GOOD_MORNING: Final = {"greeting": "Good morning!"}
GOOD_EVENING: Final = {"greeting": "Good evening!"}


@dataclass(frozen=True, slots=True)
class Load:
    """A chart with its values; the upgrade changes the greeting and nothing else."""

    name: str
    chart: Path
    objects: int
    fixed: Mapping[str, Any]
    """Values of all revisions."""

    def values(self, verb: Verb) -> dict[str, Any]:
        """Return the values of an install or an upgrade."""
        return dict(self.fixed) | (GOOD_EVENING if verb is Verb.UPGRADE else GOOD_MORNING)


NO_PODS: Final = Load("no pods", HERE / "chart", 6, {"replicas": 0})
"""The writes and Helm's work alone: the Deployment has no replicas."""
WITH_PODS: Final = Load("with pods", HERE / "chart", 6, {"replicas": 1})
"""The same chart with one pod, which the upgrade replaces: the controllers work as well."""
LARGE: Final = Load("40 objects", HERE / "large", 40, {})
SLOW: Final = Load("slow", HERE / "chart", 6, {"replicas": 1, "minReadySeconds": 30})
"""A Deployment that counts as ready half a minute after its pod is."""
