"""Everything of one run, and on what it was measured. No I/O."""

from dataclasses import dataclass, field

from bench.findings import Correction, Depends, Growth, Idle, Many, Wait
from bench.results import Contest


@dataclass(frozen=True, slots=True)
class Machine:
    """On what it was measured, and with which versions."""

    cores: int
    memory_gb: float
    processor: str
    python: str
    helmward: str
    helm_sdk: str
    kubernetes: str


@dataclass(slots=True)
class Collected:
    """Everything that one run measured; what was left out is None or empty."""

    machine: Machine
    quick: bool = False
    contests: list[Contest] = field(default_factory=list)
    idle: Idle | None = None
    many: Many | None = None
    growth: list[Growth] = field(default_factory=list)
    wait: Wait | None = None
    drift: Correction | None = None
    depends: Depends | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each part took."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Parts that were left out, and why."""
    failed: dict[str, str] = field(default_factory=dict)
    """Parts that did not come through, and why."""

    def contest(self, load: str, releases: int | None = None) -> Contest | None:
        """Return the contest of a load; without a number the smallest that has it."""
        found = (
            one for one in self.contests if one.load == load and releases in {None, one.releases}
        )
        return next(found, None)
