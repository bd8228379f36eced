"""HelmReleases of different features, what is asked of each, and whether it came to be."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.operator import Releases
from tests.support.world import (
    History,
    World,
    ready,
    wrong_history,
    wrong_objects,
)

SHORT: Final = {"completes-after": "700ms"}
TIDY: Final = "before-hook-creation,hook-succeeded"
FEATURES: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {"values": {"objects": 12}},
    "hooked": {"values": {"before": SHORT, "after": SHORT}},
    "waits": {"wait": True, "values": {"workload": True, "pods": {"ready-after": "1500ms"}}},
    "tested": {"test": {"enable": True}, "values": {"check": SHORT}},
    "fails": {"rollback": {"enable": True}, "values": {"back": SHORT}},
    "leaves": {"values": {"leaving": SHORT, "objects": 4}},
    "fresh": {"values": {"before": SHORT, "objects": 6}},
}
"""What is asked of each besides its colour; `leaves` and `fresh` are deleted again and again."""
MORTAL: Final = ("leaves", "fresh")


@dataclass
class Cast:
    """The HelmReleases that a test plays with; every wish is unlike all before."""

    releases: Releases
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The values asked for last; absent when its deletion was asked for."""
    gone: set[str] = field(default_factory=set)
    wishes: "itertools.count[int]" = field(default_factory=itertools.count)

    async def ask(self, name: str, *, refused: bool = False) -> None:
        """Ask for something new; `refused` for what the API server will refuse."""
        spec = {key: value for key, value in FEATURES[name].items() if key != "values"}
        values = {"policy": TIDY, **FEATURES[name]["values"], "colour": f"c{next(self.wishes)}"}
        if refused:
            values["refused"] = True
        await self.releases.apply(name, values=values, maxHistory=100, timeout=60, **spec)
        self.gone.discard(name)
        self.asked[name] = values

    async def delete(self, name: str) -> None:
        """Ask for its deletion."""
        await self.releases.delete(name)
        del self.asked[name]
        self.gone.add(name)

    def complaints(self, world: World) -> Iterator[str]:
        """Say all that is not (yet) as it was asked for."""
        for name, values in self.asked.items():
            release = f"{self.releases.namespace}-{name}"
            history = world.histories.get(release, ())
            told = [*self._wrong(world, name, values, history)]
            if told:
                yield f"{name}: {'; '.join(told)}; history: {[*map(str, history)]}"
        for name in self.gone:
            release = f"{self.releases.namespace}-{name}"
            if name in world.resources:
                status = world.resources[name].get("status")
                yield f"{name} is still there: {status}"
            if left := world.histories.get(release):
                yield f"{name} has left its history: {[*map(str, left)]}"
            if objects := world.objects(release):
                yield f"{name} has left objects: {[*objects]}"
        yield from self._ownerless(world)

    def _wrong(
        self, world: World, name: str, values: Mapping[str, Any], history: History
    ) -> Iterator[str]:
        resource = world.resources.get(name)
        release = f"{self.releases.namespace}-{name}"
        yield from wrong_history(history)
        yield from repeated(history)
        if resource is None:
            yield "it is gone"
        elif values.get("refused"):
            yield from rolled_back(resource, history)
        elif not ready(resource):
            yield f"not Ready: {resource.get('status')}"
        elif history and history[-1].values != values:
            yield f"{values} was asked for, released is {history[-1].values}"
        if history:
            yield from wrong_objects(world, release, history[-1].values)
        if name == "tested" and history and not history[-1].tested:
            yield "the newest revision was not tested"

    def _ownerless(self, world: World) -> Iterator[str]:
        for job in world.jobs:
            names = [one for one in world.resources if f"{self.releases.namespace}-{one}-" in job]
            if not names:
                yield f"Job {job} is nobody's"


def rolled_back(resource: Mapping[str, Any], history: History) -> Iterator[str]:
    """Say what is wrong with one that has to be rolled back."""
    status = resource.get("status") or {}
    current = status.get("observedGeneration") == resource["metadata"]["generation"]
    if not current or status.get("phase") != "RolledBack":
        yield f"not RolledBack: {status}"
    if history and not history[-1].failed_digest:
        yield f"the newest revision is no rollback: {history[-1]}"


def repeated(history: Sequence[Any]) -> Iterator[str]:
    """Say what was written again after something else had been: no wish is made twice."""
    digests = [one.digest for one in history if not one.failed_digest]
    runs = [digest for digest, _ in itertools.groupby(digests)]
    if len(runs) != len(set(runs)):
        yield "an older state was written again"
