"""What every part is given, and how it says that there is nothing to measure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bench.collected import Collected
from bench.scale import Scale


class Skipped(Exception):
    """A part has nothing to measure; says why."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be measured, by whom, and where it may leave files meanwhile."""

    scale: Scale
    contestants: tuple[str, ...]
    folder: Path
    say: Callable[[str], None]


Part = Callable[[Ask, Collected], Awaitable[None]]
