"""What every contestant is able to do."""

from collections.abc import Sequence
from typing import Protocol

from bench.results import Usage, Verb


class BenchFailed(Exception):
    """A contestant did not come through; says which, where and why."""


class Contestant(Protocol):
    """Installs, upgrades and uninstalls releases of the chart in the world's namespace."""

    name: str

    @property
    def pids(self) -> Sequence[int]:
        """Processes that may still be busy after the last release is done."""
        ...

    async def perform(self, verb: Verb, release: str) -> None:
        """Bring a release where the verb says; many may be asked for at once.

        Raises:
            BenchFailed: it did not work.
        """
        ...

    def usage(self) -> Usage:
        """Return what has been used so far."""
        ...
