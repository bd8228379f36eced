"""How much of everything one run measures. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of releases and seconds, part by part."""

    storms: tuple[int, ...]
    """Of the floor and of Helmward."""
    by_helm: int
    """Of the helm CLI, which takes longest."""
    alone: int
    """One at a time, of Helmward."""
    alone_others: int
    large: int
    idle: int
    idle_seconds: float
    many: int
    steps: tuple[int, ...]
    """How many releases are there when the cost of a batch of them is taken."""
    batch: int
    spread: int
    """Namespaces, where releases are spread."""
    wait: int
    drift: int
    depends: int


FULL: Final = Scale(
    storms=(100, 300),
    by_helm=100,
    alone=30,
    alone_others=10,
    large=30,
    idle=1000,
    idle_seconds=60,
    many=2000,
    steps=(100, 500, 1000, 2000),
    batch=100,
    spread=20,
    wait=200,
    drift=10,
    depends=10,
)
QUICK: Final = Scale(
    storms=(10, 20),
    by_helm=10,
    alone=3,
    alone_others=2,
    large=4,
    idle=20,
    idle_seconds=10,
    many=40,
    steps=(5, 20),
    batch=5,
    spread=3,
    wait=5,
    drift=2,
    depends=2,
)
