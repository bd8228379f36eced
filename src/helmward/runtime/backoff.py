"""How long to wait after the n-th failure in a row; pure, waits nowhere."""

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

# More doublings than any cap needs, and few enough for a float.
DOUBLINGS = 60


@dataclass(slots=True)
class Backoff(Generic[K]):
    """Delays per key: doubling from `base` to `cap`, each shortened by chance to spread load."""

    base: float = 1.0
    cap: float = 300.0
    chance: Callable[[], float] = random.random
    _failures: dict[K, int] = field(default_factory=dict)

    def next(self, key: K) -> float:
        """Count one more failure and return the seconds to wait: half to all of the step."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        step = min(self.cap, self.base * 2.0 ** min(failures, DOUBLINGS))
        return step * (0.5 + self.chance() / 2)

    def failures(self, key: K) -> int:
        """Return how many failures in a row there were."""
        return self._failures.get(key, 0)

    def reset(self, key: K) -> None:
        """Forget the key after a success, or when it is gone."""
        self._failures.pop(key, None)
